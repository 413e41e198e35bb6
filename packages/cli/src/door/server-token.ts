import { readFile, stat } from 'node:fs/promises';
import { InvalidInputError } from '@tsflow/core/errors';

/**
 * The token that a command shows to a server: of `--token-file` or `TSFLOW_TOKEN_FILE`, of `TSFLOW_TOKEN`, or typed by whoever sits at the
 * terminal. Never of the command line, which every process of the machine can read. Throws {@link InvalidInputError} when there is none.
 */
export async function serverToken(
  env: NodeJS.ProcessEnv,
  { tokenFile, server }: { readonly tokenFile: string | undefined; readonly server: string },
): Promise<string> {
  if (tokenFile !== undefined) return tokenOfFile(tokenFile, '--token-file');
  if (isSet(env.TSFLOW_TOKEN)) return checked(env.TSFLOW_TOKEN, 'TSFLOW_TOKEN');
  if (isSet(env.TSFLOW_TOKEN_FILE)) return tokenOfFile(env.TSFLOW_TOKEN_FILE, 'TSFLOW_TOKEN_FILE');
  if (process.stdin.isTTY === true && process.stderr.isTTY === true) return askFor(server);
  throw new InvalidInputError(
    `${server} wants an API token: set TSFLOW_TOKEN_FILE to a file with one, or TSFLOW_TOKEN. An Admin makes one: tsflow tokens create.`,
  );
}

const isSet = (text: string | undefined): text is string => text !== undefined && text !== '';

async function tokenOfFile(path: string, name: string): Promise<string> {
  const { mode } = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidInputError(`${name}: ${path} cannot be read (${error.code}).`, { cause: error });
  });
  // Windows has no such bits.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new InvalidInputError(
      `${name}: others may read ${path}. Keep the token to yourself: chmod 600 ${path}`,
    );
  }
  return checked(await readFile(path, 'utf8'), name);
}

/** Without the text in the message: a token with a typing error is nearly one. */
function checked(text: string, name: string): string {
  const token = text.trim();
  if (/^[\w.~+/-]{1,512}$/.test(token)) return token;
  throw new InvalidInputError(`${name}: expected an API token, one word that begins with "tsflow_".`);
}

async function askFor(server: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts');
  // On stderr: what the command prints is its result alone.
  const typed = await password({ message: `API token for ${server}`, output: process.stderr });
  if (isCancel(typed)) throw new InvalidInputError('No token was given.');
  return checked(typed, 'token');
}
