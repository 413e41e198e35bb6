import { type Duration, durationMs } from '@tsflow/core/duration';
import { InvalidInputError } from '@tsflow/core/errors';
import { createApi } from './api.ts';
import { type Door, runningElsewhere } from './door.ts';
import { HttpTransport } from './http-transport.ts';
import { serverAddress } from './server-address.ts';
import { serverToken } from './server-token.ts';

const API_ROOT = '/api/v1';
const POLL_MS = 500;
const TIMEOUT_MS = 60_000;

/** The door to a server: REST over HTTP. Nothing of this machine is opened, `tsflow.config.ts` of its folder included. */
export async function openServerDoor(options: {
  readonly address: { readonly text: string; readonly name: string };
  readonly tokenFile: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly note: (text: string) => void;
}): Promise<Door> {
  const { env, note } = options;
  const { text, name } = options.address;
  const server = serverAddress(text, { name, allowHttp: isTrue(env.TSFLOW_ALLOW_HTTP) });
  const token = await serverToken(env, { tokenFile: options.tokenFile, server });
  const transport = new HttpTransport({ server, token, env, timeoutMs: timeoutMs(env), note });
  return {
    api: createApi(`${server}${API_ROOT}`, transport.send),
    server,
    pollMs: POLL_MS,
    schedulerFor: async () => runningElsewhere,
    [Symbol.asyncDispose]: async () => transport[Symbol.dispose](),
  };
}

function isTrue(text: string | undefined): boolean {
  if (text === undefined || text === '' || text === 'false') return false;
  if (text === 'true') return true;
  throw new InvalidInputError(`TSFLOW_ALLOW_HTTP: expected true or false, got "${text}".`);
}

function timeoutMs({ TSFLOW_SERVER_TIMEOUT: text }: NodeJS.ProcessEnv): number {
  return text === undefined || text === ''
    ? TIMEOUT_MS
    : durationMs(text satisfies Duration, 'TSFLOW_SERVER_TIMEOUT');
}
