import { holdsSlot } from '@tsflow/core/rules';
import type { TaskState } from '@tsflow/core/state';
import type { Store } from '@tsflow/core/store';
import { expect, it } from 'vitest';
import { audit } from '../support/auditor.ts';
import { freePort } from '../support/free-port.ts';
import { InstalledProject, until } from '../support/installed-project.ts';
import { createDatabase, DATABASES } from '../support/store.ts';

/** Long enough to change a Variable by the command line while they run; TASK_SECONDS=10 plays it at full length. */
const TASK_SECONDS = Number(process.env.TASK_SECONDS ?? 2);
const LIMIT_MS = 60_000 + 10 * TASK_SECONDS * 1_000;
/** More than are ever run here, also when the machine is slow and the command line with it. */
const TASKS = 200;

const wideFile = `import { DAG, task } from '@tsflow/core';
new DAG({ dagId: 'wide', maxActiveTasks: ${TASKS} }, () => {
  for (let i = 0; i < ${TASKS}; i++)
    task('t' + i, () => new Promise((resolve) => setTimeout(resolve, ${TASK_SECONDS * 1_000} * (1 + (i % 4) / 4))));
});`;

// Side by side: what they do is wait.
it.concurrent.each(DATABASES)(
  'parallelism is lowered, raised and set to 0 by the command line while tasks run, on %s',
  async (dialect) => {
    await using database = await createDatabase(dialect);
    await using project = new InstalledProject({ 'wide.ts': wideFile }, database.url);
    const store = await project.store();
    const standalone = project.start('standalone', '--port', String(await freePort()));
    const isKnown = async () => (await store.db.selectFrom('dag').select('holder').execute())[0]?.holder;
    await until('the scheduler holds the DAG', async () => Boolean(await isKnown()), 60_000);
    // Looks on from where the last look ended, so that no moment is missed.
    let seen = 0;
    const running = (count: number) =>
      until(
        `${count} tasks run`,
        async () => {
          const at = (await slotEvents(store)).findIndex((event, i) => i >= seen && event.running === count);
          if (at !== -1) seen = at;
          return at !== -1;
        },
        LIMIT_MS,
        50,
      );
    const set = (value: string) => project.run(['variables', 'set', 'parallelism', value]);

    await project.json('dags', 'trigger', 'wide');
    await running(16);
    expect(await set('1')).toMatchObject({ code: 0 });
    await running(0);
    await running(1);
    expect(await set('16')).toMatchObject({ code: 0 });
    await running(16);

    for (const [bad, got] of [
      ['abc', '"abc"'],
      ['-1', '-1'],
    ] as const) {
      expect(await set(bad)).toMatchObject({
        code: 2,
        stderr: `error: parallelism: expected a whole number from 0 (0 pauses), got ${got}.\n`,
      });
      expect(await project.json('variables', 'get', 'parallelism')).toMatchObject({ value: 16 });
    }
    expect(await set('0')).toMatchObject({ code: 0 });
    await running(0);
    // It goes on deciding, and starts nothing of it.
    const { runId } = await project.json<{ runId: string }>('dags', 'trigger', 'wide');
    expect(await project.json('dags', 'pause', 'wide')).toMatchObject({ isPaused: true });
    const waiting = await project.json<{ state: string }[]>('tasks', 'list', 'wide', runId);
    expect(new Set(waiting.map(({ state }) => state))).toEqual(new Set(['scheduled']));
    standalone.kill('SIGKILL');

    const changes = await store.db.selectFrom('variableHistory').selectAll().orderBy('id').execute();
    expect(changes.map((change) => change.toValue)).toEqual(['1', '16', '0']);
    const [lowered, raised, stopped] = changes.map(({ at }) => at) as [number, number, number];
    const events = await slotEvents(store);
    // Nothing started while one ran, from one second after the change on.
    for (const { at, used } of events.filter(({ isStart }) => isStart))
      if (at > lowered + 1_000 && at < raised) expect(used).toBe(1);
    const overlaps = await startsDuringOthers(store, lowered + 1_000, raised);
    expect(overlaps).toEqual([]);
    // Full again within a second.
    const full = events.find(({ at, running: count }) => at >= raised && count === 16)!;
    console.info(`${dialect}: 16 run ${full.at - raised} ms after the change`);
    expect(full.at - raised).toBeLessThan(1_000);
    // 0: nothing at all.
    expect(events.filter(({ at, isStart }) => isStart && at > stopped + 1_000)).toEqual([]);
    expect(Math.max(...events.map(({ used }) => used))).toBe(16);
    expect(await audit(store, { settled: false, parallelism: 16 })).toEqual([]);
  },
  LIMIT_MS * 2,
);

interface SlotEvent {
  readonly at: number;
  /** Whether a task got its slot by this event. */
  readonly isStart: boolean;
  /** Slots in use, and tasks running, after it. */
  readonly used: number;
  readonly running: number;
}

/** What the event table tells of slots, in the order of commit. */
async function slotEvents(store: Store): Promise<readonly SlotEvent[]> {
  const rows = await store.db
    .selectFrom('event')
    .selectAll()
    .where('type', '=', 'task_state')
    .orderBy('id')
    .execute();
  let used = 0;
  let running = 0;
  return rows.map(({ at, fromState, toState, data }) => {
    const { path } = JSON.parse(data ?? '{}') as { path?: TaskState[] };
    const before = holdsSlot(fromState as TaskState);
    used += Number(holdsSlot(toState as TaskState)) - Number(before);
    running += Number(toState === 'running') - Number(fromState === 'running');
    const isStart = !before && (path ?? [toState as TaskState]).some(holdsSlot);
    return { at, isStart, used, running };
  });
}

/** Attempts that began between two instants while another one ran, by the clock of the runners. */
async function startsDuringOthers(store: Store, after: number, before: number): Promise<readonly string[]> {
  const attempts = await store.db.selectFrom('attempt').selectAll().execute();
  return attempts
    .filter(({ startDate }) => startDate !== null && startDate > after && startDate < before)
    .filter((attempt) =>
      attempts.some(
        ({ attemptId, startDate, endDate }) =>
          attemptId !== attempt.attemptId &&
          startDate !== null &&
          startDate <= attempt.startDate! &&
          (endDate ?? Number.POSITIVE_INFINITY) > attempt.startDate!,
      ),
    )
    .map(({ taskId }) => taskId);
}
