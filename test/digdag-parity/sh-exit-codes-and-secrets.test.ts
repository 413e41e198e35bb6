import { BashOperator, DAG } from '@tsflow/core';
import { fakeCommands, runDag } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';

/** `sh>` and `embulk>`: the exit code decides; here a signal has its name, and one code means "skipped". */
describe('exit codes', () => {
  // biome-ignore format: a table
  test.each([
    // how it ends                      state       what is said
    ['true',                            'success',  null],
    ['exit 1',                          'failed',   /exited with code 1/],
    ['exit 127',                        'failed',   /exited with code 127/],
    ['exit 99',                         'skipped',  null],
    ['no-such-program-of-ours',         'failed',   /code 127.*not found/],
    ['false | true',                    'success',  null],
    ['set -o pipefail; false | true',   'failed',   /exited with code 1/],
    ['kill -9 $$',                      'failed',   /killed by signal 9 \(SIGKILL\)/],
    ['kill -SEGV $$',                   'failed',   /killed by signal 11/],
    ['embulk run load.yml',             'failed',   /code 2: Error: no such plugin/],
  ])('%s', async (command, state, message) => {
    const dag = new DAG({ dagId: 'sh' }, () => {
      new BashOperator({ taskId: 'sh', command });
    });
    const commands = fakeCommands({ embulk: { stderr: 'Error: no such plugin\n', exitCode: 2 } });
    const run = await runDag(dag, { commands });
    expect(run.states.sh).toBe(state);
    if (message !== null) expect(run.attempts[0]!.error!.message).toMatch(message);
  });
});

/** `digdag secrets`: a value that tasks get and nobody reads: not in logs, not among rendered fields, not in errors. */
test('a secret is masked wherever it might show', async () => {
  const secret = 'hunter2-of-the-shop';
  const dag = new DAG({ dagId: 'secret' }, () => {
    new BashOperator({
      taskId: 'use',
      command: 'echo "with $TOKEN"; echo "failed with $TOKEN" >&2; exit 3',
      env: { TOKEN: async ({ connections }) => (await connections.get('shop')).password },
    });
  });
  const run = await runDag(dag, { connections: { shop: { password: secret } } });
  run.assertFailed();
  const [attempt] = run.attempts;
  const shown = JSON.stringify([attempt, run.rendered('use'), run.logs('use'), run.story()]);
  expect(shown).not.toContain(secret);
  expect(run.logs('use')[0]).toMatch(/^with \*+/);
});
