import { chain, DAG, task } from '@tsflow/core';
import { fails, returns, startDag, takes } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';

const dag = new DAG({ dagId: 'seven' }, () => {
  const tasks = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => task(id, () => id));
  chain(...tasks);
});

/** `digdag kill`: what runs ends, what waits is left out, and the attempt stays readable. */
describe('kill', () => {
  test('of a run', async () => {
    await using played = await startDag(dag, { tasks: { b: takes('1h') } });
    const runId = await played.trigger();
    await played.advance('10m');
    await played.ask({ kind: 'kill', payload: { runId } });
    const run = await played.finished(runId);
    expect(run.state).toBe('failed');
    expect(run.states).toMatchObject({ a: 'success', b: 'failed' });
    expect(run.attempts).toHaveLength(2);
  });

  test('of one task leaves its sibling alone', async () => {
    const pair = new DAG({ dagId: 'pair' }, () => {
      task('left', () => 1);
      task('right', () => 1);
    });
    await using played = await startDag(pair, { tasks: { left: takes('1h'), right: takes('1h') } });
    const runId = await played.trigger();
    await played.advance('10m');
    await played.ask({ kind: 'kill', payload: { runId, taskIds: ['left'] } });
    expect((await played.finished(runId)).states).toEqual({ left: 'failed', right: 'success' });
  });
});

/** `digdag retry` with `--all`, `--resume` and `--resume-from`: one action, whatever failed. */
describe('retry', () => {
  // biome-ignore format: a table
  test.each([
    // digdag                         what is cleared                      runs again
    ['--all',                         {},                                  'a b c d e f g'],
    ['--resume',                      { onlyFailed: true },                'd e f g'],
    ['--resume-from c',               { from: 'c' },                       'c d e f g'],
    ['--resume-from b, up to d',      { from: 'b', upTo: 'd' },            'b c d'],
    ['one task alone',                { taskIds: ['d'] },                  'd'],
    ['one task and all after it',     { taskIds: ['d'], downstream: true }, 'd e f g'],
  ] as const)('%s', async (_digdag, selection, again) => {
    await using played = await startDag(dag, { tasks: { d: fails(1, { afterwards: returns('d') }) } });
    const runId = await played.trigger();
    const before = (await played.finished(runId)).assertFailed().order.length;
    await played.ask({ kind: 'clear', payload: { runId, ...selection } });
    expect((await played.finished(runId)).order.slice(before).join(' ')).toBe(again);
  });

  test.each(['a', 'b', 'c', 'd', 'e', 'f', 'g'])(
    'whichever of seven fails, the same action mends it: %s',
    async (broken) => {
      await using played = await startDag(dag, { tasks: { [broken]: fails(1) } });
      const runId = await played.trigger();
      (await played.finished(runId)).assertFailed();
      await played.ask({ kind: 'clear', payload: { runId, onlyFailed: true } });
      const run = (await played.finished(runId)).assertSucceeded();
      expect(run.output('g')).toBe('g');
    },
  );
});

/** `digdag backfill` of a stretch of days, `--count`, and `start --session last`. */
describe('backfill', () => {
  const daily = new DAG({ dagId: 'daily', schedule: '0 0 * * *', timezone: 'Asia/Tokyo' }, () => {
    task('day', ({ ds }) => ds);
  });
  // Midnight of March 1st and 3rd in Tokyo: inclusive on both ends.
  const range = {
    start: '2026-02-28T15:00:00Z',
    end: '2026-03-02T15:00:00Z',
    reverse: false,
    maxActiveRuns: 2,
    conf: {},
  };

  // biome-ignore format: a table
  test.each([
    // reprocess    tries of March 1st (succeeded), 2nd (failed), 3rd (absent)
    ['none',        [1, 1, 1]],
    ['failed',      [1, 2, 1]],
    ['completed',   [2, 2, 1]],
  ] as const)('reprocess %s', async (reprocess, tries) => {
    await using played = await startDag(daily, {
      now: '2026-03-10',
      tasks: { day: returns(({ context, call }) => {
        if (context.ds === '2026-03-02' && call === 1) throw new Error('no');
        return context.ds;
      }) },
    });
    const two = { ...range, end: '2026-03-01T15:00:00Z', reprocess: 'none' } as const;
    await played.ask({ kind: 'backfill', payload: two });
    await played.advance('1m');
    await played.ask({ kind: 'backfill', payload: { ...range, reprocess } });
    await played.advance('1m');
    const runs = [...(await played.runs())].sort((a, b) => +a.logicalDate - +b.logicalDate);
    expect(runs.map((run) => run.tries.day)).toEqual(tries);
    expect(runs.map((run) => run.runId.split('__')[0])).toEqual(['backfill', 'backfill', 'backfill']);
  });
});
