import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { TaskContext } from '../dag/context.ts';
import { BashOperator, type BashOptions } from './bash-operator.ts';

const directory = mkdtempSync(join(tmpdir(), 'tsflow-bash-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A zombie waits for whoever adopted it and runs no more. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function attempt(
  options: Omit<BashOptions<unknown>, 'taskId'>,
  controller = new AbortController(),
  onRegister: () => void = () => undefined,
) {
  const lines: string[] = [];
  const groups: string[] = [];
  const seen: ((line: string) => void)[] = [];
  const context = {
    dagId: 'd',
    runId: 'manual__1',
    runType: 'manual',
    taskId: 't',
    mapPath: '',
    mapIndex: -1,
    tryNumber: 1,
    logicalDate: new Date(0),
    dataInterval: { start: new Date(0), end: new Date(86_400_000) },
    ds: '1970-01-01',
    ts: '1970-01-01T00:00:00.000Z',
    timezone: 'UTC',
    params: { mode: 'all', list: [1] },
    conf: {},
    signal: controller.signal,
    scratchDir: directory,
    dagDirectory: directory,
    log: {
      info: (line: string, fields: { stream: string }) => {
        lines.push(`${fields.stream}: ${line}`);
        for (const listener of seen) listener(line);
      },
    },
    processes: {
      environment: { TSFLOW_ATTEMPT_ID: '7' },
      register: async (group: number) => {
        onRegister();
        groups.push(`+${group}`);
      },
      release: (group: number) => void groups.push(`-${group}`),
    },
  } as unknown as TaskContext;
  const operator = new BashOperator<unknown>({ taskId: 't', ...options });
  return {
    lines,
    groups,
    result: operator.execute(context, operator.fields as never),
    logged: (text: string) =>
      new Promise<void>((resolve) => seen.push((line) => line.includes(text) && resolve())),
  };
}

test('the last line of stdout is the output, both streams are logged', async () => {
  const { result, lines, groups } = attempt({ command: 'echo one; echo two >&2; printf "three\\n\\n"' });
  expect(await result).toBe('three');
  expect([...lines].sort()).toEqual(['stderr: two', 'stdout: ', 'stdout: one', 'stdout: three']);
  expect(groups).toHaveLength(2);
  expect(groups[1]).toBe(groups[0]!.replace('+', '-'));
});

test('values come by env, whatever is in them', async () => {
  const evil = '$(touch pwned); `touch pwned` "\'\n&& touch pwned';
  const { result } = attempt({
    command: 'printf %s "$EVIL" | base64 -w0',
    env: { EVIL: evil, LEFT_OUT: null },
  });
  expect(Buffer.from((await result) as string, 'base64').toString()).toBe(evil);
  expect(existsSync(join(directory, 'pwned'))).toBe(false);
});

test('the environment is small: nothing of the runner but what a command needs', async () => {
  process.env.TSFLOW_TEST_CANARY = 'secret';
  const { result, lines } = attempt({ command: 'env; echo' });
  await result;
  delete process.env.TSFLOW_TEST_CANARY;
  const names = lines
    .map((line) => line.replace(/^stdout: /, '').split('=')[0]!)
    .filter((name) => name !== '');
  expect(names).not.toContain('TSFLOW_TEST_CANARY');
  expect(names).toEqual(
    expect.arrayContaining(['PATH', 'TSFLOW_DS', 'TSFLOW_PARAM_mode', 'TSFLOW_ATTEMPT_ID']),
  );
  expect(lines).toContain(`stdout: TMPDIR=${directory}`);
  expect(lines).toContain('stdout: TSFLOW_PARAMS={"mode":"all","list":[1]}');
});

test.each([
  ['exit 3', /exited with code 3\./, { exitCode: 3, signal: null }],
  ['echo why >&2; exit 1', /exited with code 1: why/, { exitCode: 1 }],
  ['kill -9 $$', /killed by signal 9 \(SIGKILL\)/, { exitCode: null, signalNumber: 9 }],
  ['no-such-program', /exited with code 127: .*no-such-program/, { exitCode: 127 }],
])('%s fails in words', async (command, message, facts) => {
  const { result } = attempt({ command });
  await expect(result).rejects.toThrow(message);
  await expect(result).rejects.toMatchObject({ code: 'command_failed', ...facts });
});

test('exit code 99 skips, another one when told so, none when told so', async () => {
  await expect(attempt({ command: 'exit 99' }).result).rejects.toMatchObject({ code: 'task_skipped' });
  await expect(attempt({ command: 'exit 4', skipOnExitCode: [4, 5] }).result).rejects.toMatchObject({
    code: 'task_skipped',
  });
  await expect(attempt({ command: 'exit 99', skipOnExitCode: null }).result).rejects.toMatchObject({
    code: 'command_failed',
  });
});

test('an output processor makes the output, and it can be left out', async () => {
  expect(await attempt({ command: `echo '{"rows": 3}'`, outputProcessor: JSON.parse }).result).toEqual({
    rows: 3,
  });
  expect(await attempt({ command: 'echo x', output: 'none' }).result).toBeUndefined();
  expect(await attempt({ command: 'true' }).result).toBeNull();
});

test('./script.sh is beside the DAG file', async () => {
  writeFileSync(join(directory, 'load.sh'), 'echo "loaded $1"\n', { mode: 0o755 });
  expect(await attempt({ command: 'bash ./load.sh x' }).result).toBe('loaded x');
});

test('aborting ends the whole tree and throws the reason', async () => {
  const controller = new AbortController();
  const file = join(directory, 'grandchild');
  const run = attempt({ command: `(sleep 300 & echo $! > ${file}; echo ready; wait) & wait` }, controller);
  await run.logged('ready');
  controller.abort(new Error('killed by a person'));
  await expect(run.result).rejects.toThrow('killed by a person');
  const grandchild = Number(readFileSync(file, 'utf8'));
  await expect.poll(() => isAlive(grandchild)).toBe(false);
});

test('what a command leaves behind ends with it and does not hold it up', async () => {
  const file = join(directory, 'left');
  const { result } = attempt({ command: `sleep 300 & echo $! > ${file}; echo done` });
  expect(await result).toBe('done');
  const left = Number(readFileSync(file, 'utf8'));
  await expect.poll(() => isAlive(left)).toBe(false);
});

test('long lines and broken characters pass in pieces, not at the price of memory', async () => {
  const { result, lines } = attempt({
    command: `head -c 200000 /dev/zero | tr '\\0' x; echo; printf '\\xff\\n'; echo ä`,
  });
  expect(await result).toBe('ä');
  expect(lines.every((line) => line.length < 66_000)).toBe(true);
  expect(lines.join('').match(/x/g)).toHaveLength(200_000);
});

test('nothing runs when its group cannot be made known', async () => {
  const file = join(directory, 'ran');
  const { result } = attempt({ command: `touch ${file}` }, new AbortController(), () => {
    throw new Error('no scheduler');
  });
  await expect(result).rejects.toThrow('no scheduler');
  expect(existsSync(file)).toBe(false);
});

test('command and commandFile exclude each other', () => {
  expect(() => new BashOperator({ taskId: 't' })).toThrow(/either a command or a commandFile/);
});
