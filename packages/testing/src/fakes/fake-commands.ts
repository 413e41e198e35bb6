import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { errorMessage, InvalidInputError } from '@tsflow/core/errors';

/** One call of a program that {@link FakeCommands} stands in for. */
export interface CommandCall {
  readonly name: string;
  /** Without the program's name. */
  readonly args: readonly string[];
  /** The environment that it was given. */
  readonly env: Readonly<Record<string, string>>;
  /** Working directory. */
  readonly cwd: string;
  /** Reads what is piped into it, as the program would: what is not asked for is left to who comes after. */
  readonly stdin: () => Promise<string>;
}

/** How a program ends. All of it may be left out: no output, exit code 0. */
export interface CommandEnding {
  /** Printed to standard output. Default: nothing. */
  readonly stdout?: string;
  /** Printed to standard error. Default: nothing. */
  readonly stderr?: string;
  /** Default 0. */
  readonly exitCode?: number;
}

/** What a fake does: text is its output, a number its exit code, a function decides each call by itself. */
export type CommandAnswer =
  | string
  | number
  | CommandEnding
  | ((call: CommandCall) => CommandAnswer | Promise<CommandAnswer>);

/** Programs of a test. Made by {@link fakeCommands}. */
export class FakeCommands {
  /** Every call so far, in order. */
  readonly calls: CommandCall[] = [];
  readonly #answers: Readonly<Record<string, CommandAnswer>>;

  constructor(answers: Readonly<Record<string, CommandAnswer>>) {
    for (const name of Object.keys(answers)) {
      if (!/^[\w.+-]+$/.test(name))
        throw new InvalidInputError(`fakeCommands: "${name}" is no name of a program.`);
    }
    this.#answers = answers;
  }

  /** Puts the programs in front of the path. What it gives is for the environment of commands. */
  async open(): Promise<{
    readonly environment: Readonly<Record<string, string>>;
    close(): Promise<void>;
  }> {
    const folder = mkdtempSync(join(tmpdir(), 'tsflow-fakes-'));
    const socketPath = join(folder, 'calls.socket');
    const stub = join(folder, 'stub.mjs');
    writeFileSync(stub, STUB);
    for (const name of Object.keys(this.#answers)) {
      const program = join(folder, name);
      const words = [process.execPath, stub, socketPath, name].map(quoted).join(' ');
      writeFileSync(program, `#!/bin/sh\nexec ${words} "$@"\n`);
      chmodSync(program, 0o755);
    }
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => undefined); // Killed while it was answered.
      void this.#answer(socket);
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    return {
      environment: { PATH: [folder, process.env.PATH ?? ''].join(delimiter) },
      async close() {
        for (const socket of open) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }

  async #answer(socket: Socket): Promise<void> {
    const said = createInterface({ input: socket })[Symbol.asyncIterator]();
    const heard = async (): Promise<unknown> => JSON.parse((await said.next()).value ?? '""');
    const tell = (what: object) => socket.write(`${JSON.stringify(what)}\n`);
    const stdin = async () => {
      tell({ read: true });
      return String(await heard());
    };
    const call: CommandCall = { ...((await heard()) as Omit<CommandCall, 'stdin'>), stdin };
    this.calls.push(call);
    tell(await endingOf(this.#answers[call.name]!, call));
    socket.end();
  }
}

/**
 * Programs that answer from the test: the scripts of the tasks run for real, and what they call by these names is a fake. Everything else
 * on the path stays what it is. A call costs about 50 ms.
 *
 * ```ts
 * const commands = fakeCommands({ bq: async ({ stdin }) => `asked: ${await stdin()}`, embulk: inTurn(1, 0) });
 * const run = await runDag(dag, { commands });
 * expect(commands.calls[0]!.args).toEqual(['query', '--use_legacy_sql=false']);
 * ```
 *
 * Throws `InvalidInputError` for a name that no program can have.
 */
export function fakeCommands(answers: Readonly<Record<string, CommandAnswer>>): FakeCommands {
  return new FakeCommands(answers);
}

async function endingOf(answer: CommandAnswer, call: CommandCall): Promise<CommandEnding> {
  if (typeof answer === 'string') return { stdout: answer };
  if (typeof answer === 'number') return { exitCode: answer };
  if (typeof answer !== 'function') return answer;
  try {
    return await endingOf(await answer(call), call);
  } catch (thrown) {
    return { stderr: `The fake of ${call.name} threw: ${errorMessage(thrown)}\n`, exitCode: 1 };
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Tells the test of its call, and does what it answers. */
const STUB = `
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
const [socketPath, name, ...args] = process.argv.slice(2);
const socket = connect(socketPath);
const tell = (what) => socket.write(JSON.stringify(what) + '\\n');
tell({ name, args, env: process.env, cwd: process.cwd() });
for await (const line of createInterface({ input: socket })) {
  const { read, stdout = '', stderr = '', exitCode = 0 } = JSON.parse(line);
  if (read) tell(readFileSync(0, 'utf8'));
  else {
    process.stderr.write(stderr);
    process.stdout.write(stdout);
    process.exitCode = exitCode;
  }
}
`;
