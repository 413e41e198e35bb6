import {
  CompareAndSetError,
  ContentRefusedError,
  type DagEffects,
  type SavedState,
  type Store,
  type TurnResult,
} from '@tsflow/core/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AT,
  attemptRow,
  effectsOf,
  eventRow,
  holdDags,
  NO_ATTEMPT_CHANGES,
  registerScheduler,
  runRow,
  taskRow,
  taskUpdate,
  turnOf,
} from '../support/rows.ts';
import { createDatabase, DATABASES, type TestDatabase } from '../support/store.ts';

describe.each(DATABASES)('turns on %s', (dialect) => {
  let database: TestDatabase;
  let store: Store;
  let turn: number;

  beforeEach(async () => {
    database = await createDatabase(dialect);
    store = await database.open();
    turn = 0;
    await holdDags(store, 'one', 'etl', 'report');
  });
  afterEach(() => database[Symbol.asyncDispose]());

  /** Commits what must succeed. */
  async function commit(...dags: DagEffects[]): Promise<Extract<TurnResult, { status: 'committed' }>> {
    const result = await store.turns.commit(turnOf(turn, ...dags));
    if (result.status !== 'committed') throw new Error(`The turn was ${result.status}.`);
    turn++;
    return result;
  }

  const tables = async () => ({
    runs: await store.db.selectFrom('dagRun').selectAll().orderBy('key').execute(),
    tasks: await store.db.selectFrom('taskInstance').selectAll().orderBy('key').execute(),
    attempts: await store.db.selectFrom('attempt').selectAll().orderBy('attemptId').execute(),
    events: await store.db.selectFrom('event').selectAll().orderBy('id').execute(),
    counters: await store.turns.counters(),
    scheduler: (await store.leases.living())[0],
  });

  it('writes every list, and reads back what it wrote', async () => {
    const run = runRow(1, { conf: '{"größe":"naïve 🦊","quote":"\'\\"{},\\\\"}', note: '' });
    const task = taskRow(2, 1, { mapPath: '3.0', mapSort: '0000000003.0000000000' });
    const attempt = attemptRow(10, task);
    const backfill = {
      key: 20,
      dagId: 'etl',
      fromDate: AT,
      toDate: AT + 5,
      options: '{}',
      state: 'running',
      actor: 'ada',
      createdAt: AT,
      endDate: null,
      cursor: null,
      total: 5,
      created: 0,
      existing: 0,
      inFlight: 0,
      cleared: 0,
      succeeded: 0,
      failed: 0,
    };
    const intent = {
      dagId: 'report',
      kind: 'trigger',
      payload: '{}',
      actor: 'etl',
      requestedAt: AT,
      idempotencyKey: 'asked:key',
    } as const;
    await commit(
      effectsOf('etl', {
        dag: { isPaused: true, mark: { from: null, to: AT, version: 'v1', nextTick: AT + 60_000 } },
        backfillsInserted: [backfill],
        runsInserted: [run],
        tasksInserted: [task],
        attemptsInserted: [attempt],
        xcoms: [{ attemptId: 10, key: 'return_value', value: '1' }],
        events: [eventRow({ runKey: 1 }), eventRow({ type: 'dag_version', data: '{"number":1}' })],
        intentsSent: [intent, intent],
      }),
    );
    await commit(
      effectsOf('etl', {
        dag: { mark: { from: AT, to: AT + 60_000, version: 'v2', nextTick: null } },
        backfillsUpdated: [{ ...backfill, created: 5, cursor: AT + 5 }],
        tasksUpdated: [taskUpdate(task, 'scheduled', { attemptId: 10, reason: 'it was time' })],
        attemptsUpdated: [
          {
            ...NO_ATTEMPT_CHANGES,
            ...{ attemptId: 10, grantNumber: 1, newGrant: 2, state: 'running', pid: 4711, logSegment: 'a' },
          },
        ],
        xcoms: [
          { attemptId: 10, key: 'return_value', value: '2' },
          { attemptId: 10, key: 'rows', value: '[]' },
          { attemptId: 10, key: 'rows', value: '[1]' },
        ],
        intentsDecided: [{ id: 1, state: 'applied', result: '{"runId":"r"}', decidedAt: AT }],
      }),
    );
    await commit(
      effectsOf('etl', {
        runsUpdated: [
          {
            ...{ key: 1, from: 'running', state: 'success', startDate: AT, endDate: AT + 9, reason: null },
            ...{
              targetState: null,
              version: 'v2',
              conf: '{"a":1}',
              clearNumber: 1,
              setByHand: 0,
              note: 'n',
              backfillKey: 20,
            },
          },
        ],
        attemptsUpdated: [
          {
            ...NO_ATTEMPT_CHANGES,
            ...{ attemptId: 10, grantNumber: 2, newGrant: 2, state: 'success', endDate: AT + 9 },
          },
        ],
      }),
    );

    const { runs, tasks, attempts, events, scheduler } = await tables();
    expect(runs).toEqual([
      {
        ...run,
        ...{ state: 'success', endDate: AT + 9, version: 'v2', conf: '{"a":1}', clearNumber: 1, note: 'n' },
        backfillKey: 20,
      },
    ]);
    expect(tasks).toEqual([{ ...task, state: 'scheduled', attemptId: 10, reason: 'it was time' }]);
    expect(attempts).toEqual([
      {
        ...NO_ATTEMPT_CHANGES,
        ...attempt,
        ...{ state: 'success', grantNumber: 2, logSegment: 'a', endDate: AT + 9 },
      },
    ]);
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['dag_version', expect.stringContaining('number')],
      ['dag_version', expect.stringContaining('number')],
      ['dag_paused', null],
      ['dag_version', '{"number":1}'],
    ]);
    expect(scheduler).toMatchObject({ turn: 3, lastTurnMs: 3 });
    expect(await store.turns.xcoms([2], 'return_value')).toEqual(new Map([[2, '2']]));
    expect(await store.turns.xcoms([2], 'rows')).toEqual(new Map([[2, '[1]']]));
    expect(await store.intents.get(1)).toMatchObject({
      ...intent,
      state: 'applied',
      result: '{"runId":"r"}',
    });
    expect(await store.intents.get(2)).toBeNull();
    const work = await store.turns.load('etl');
    expect(work?.dag).toMatchObject({ isPaused: 1, mark: AT + 60_000, markVersion: 'v2', nextTick: null });
    expect(work?.backfills).toEqual([{ ...backfill, created: 5, cursor: AT + 5 }]);
  });

  it('keeps what an update knows nothing of, but for where the attempt runs', async () => {
    const task = taskRow(2, 1);
    const begun = { runnerId: 'runner-1', host: 'here', pid: 4711, processGroups: '[4711]' };
    const known = { startDate: AT, logSegment: 'a', logStart: 3, savedState: '{"job":1}' };
    const claim = { ...NO_ATTEMPT_CHANGES, attemptId: 10, grantNumber: 1 };
    await commit(
      effectsOf('etl', {
        runsInserted: [runRow(1)],
        tasksInserted: [task],
        attemptsInserted: [attemptRow(10, task)],
      }),
    );
    await commit(
      effectsOf('etl', {
        attemptsUpdated: [{ ...claim, newGrant: 1, state: 'running', ...begun, ...known }],
      }),
    );
    expect((await tables()).attempts).toMatchObject([{ ...begun, ...known }]);
    await commit(effectsOf('etl', { attemptsUpdated: [{ ...claim, newGrant: 2, state: 'queued' }] }));
    expect((await tables()).attempts).toMatchObject([
      { ...known, runnerId: null, host: null, pid: null, processGroups: null },
    ]);
  });

  it('loads what is active and nothing else', async () => {
    const running = runRow(1);
    const done = runRow(2, { state: 'success' });
    const queued = [3, 4, 5].map((key) => runRow(key, { state: 'queued', ordinal: 100 - key }));
    const ofBackfill = runRow(6, { state: 'queued', backfillKey: 20 });
    const tasks = [
      taskRow(12, 1, { state: 'scheduled', attemptId: 21 }),
      taskRow(11, 1, { state: 'success', attemptId: 22 }),
      taskRow(13, 2),
      taskRow(14, 3, { state: 'scheduled', attemptId: 24 }),
    ];
    await commit(
      effectsOf('etl', {
        runsInserted: [running, done, ...queued, ofBackfill],
        tasksInserted: tasks,
        attemptsInserted: [attemptRow(21, tasks[0]!), attemptRow(22, tasks[1]!), attemptRow(24, tasks[3]!)],
        attemptsUpdated: [
          {
            ...NO_ATTEMPT_CHANGES,
            attemptId: 22,
            grantNumber: 1,
            newGrant: 1,
            state: 'success',
            endDate: AT,
          },
        ],
      }),
      effectsOf('report', { runsInserted: [runRow(7, { dagId: 'report' })] }),
    );
    const work = await store.turns.load('etl');
    expect(work?.activeRuns).toEqual([running]);
    expect(work?.taskInstances.map((task) => task.key)).toEqual([11, 12]);
    expect(work?.attempts.map((attempt) => attempt.attemptId)).toEqual([21, 24]);
    expect(work?.queuedRunCounts).toEqual(
      new Map([
        [null, 3],
        [20, 1],
      ]),
    );
    expect((await store.turns.queuedRuns('etl', null, 2)).map((run) => run.key)).toEqual([5, 4]);
    expect((await store.turns.queuedRuns('etl', 20, 2)).map((run) => run.key)).toEqual([6]);
    expect((await store.turns.taskInstances([1, 2])).map((task) => task.key)).toEqual([11, 12, 13]);
    expect(await store.turns.taskInstances([])).toEqual([]);
    expect((await store.turns.run('etl', 'scheduled__2'))?.key).toBe(2);
    expect(await store.turns.run('etl', 'none such')).toBeNull();
    expect((await store.turns.runsByKey([5, 1, 99])).map((run) => run.key)).toEqual([1, 5]);
    expect((await store.turns.runsBySlot('etl', [AT + 7, AT + 4, AT + 2])).map((run) => run.key)).toEqual([
      2, 4,
    ]);
    expect((await store.turns.previousRun('etl', AT + 3))?.key).toBe(2);
    expect(await store.turns.previousRun('etl', AT + 1)).toBeNull();
    expect((await store.turns.attempt(22))?.state).toBe('success');
    expect(await store.turns.load('none such')).toBeNull();
  });

  describe('refuses as a whole', () => {
    const task = taskRow(2, 1);

    beforeEach(async () => {
      await commit(
        effectsOf('etl', {
          runsInserted: [runRow(1)],
          tasksInserted: [task],
          attemptsInserted: [attemptRow(10, task)],
        }),
      );
    });

    async function refused(effects: Partial<DagEffects>): Promise<unknown> {
      const before = await tables();
      const error = await store.turns
        .commit({
          ...turnOf(turn, effectsOf('report', { events: [eventRow()] }), effectsOf('etl', effects)),
          counters: [{ name: 'parallelism', delta: 1, limit: 16 }],
        })
        .then(
          (result) => result,
          (thrown: unknown) => thrown,
        );
      expect(await tables()).toEqual(before);
      // And the next turn is as good as ever.
      await commit(effectsOf('etl', { events: [eventRow()] }));
      return error;
    }

    it('a task that is no longer in the state from which it goes', async () => {
      const error = await refused({ tasksUpdated: [taskUpdate({ ...task, state: 'queued' }, 'running')] });
      expect(error).toBeInstanceOf(CompareAndSetError);
      expect(error).toMatchObject({
        table: 'task_instance',
        key: 2,
        expected: 'state queued',
        found: 'state none',
      });
    });

    it('a row that does not exist', async () => {
      expect(await refused({ tasksUpdated: [taskUpdate(taskRow(99, 1), 'scheduled')] })).toMatchObject({
        code: 'compare_and_set',
        key: 99,
        found: null,
      });
    });

    it('an attempt under an old grant', async () => {
      const update = { ...NO_ATTEMPT_CHANGES, attemptId: 10, grantNumber: 0, newGrant: 1, state: 'success' };
      expect(await refused({ attemptsUpdated: [update] })).toMatchObject({
        table: 'attempt',
        expected: 'grant_number 0',
        found: 'grant_number 1',
      });
    });

    it('a mark that moved', async () => {
      expect(
        await refused({ dag: { mark: { from: 5, to: 6, version: 'v', nextTick: null } } }),
      ).toMatchObject({ table: 'dag', key: 'etl', expected: 'mark 5', found: 'mark null' });
    });

    it('a change of state that the table does not have', async () => {
      expect(await refused({ tasksUpdated: [taskUpdate(task, 'running')] })).toMatchObject({
        code: 'illegal_transition',
        from: 'none',
        to: 'running',
      });
      const path = { path: ['none', 'scheduled', 'running'] };
      expect(
        await refused({
          tasksUpdated: [taskUpdate(task, 'running')],
          events: [eventRow({ type: 'task_state', taskInstanceKey: 2, data: JSON.stringify(path) })],
        }),
      ).toMatchObject({ from: 'scheduled', to: 'running' });
    });

    it('two changes of one task', async () => {
      const twice = [taskUpdate(task, 'scheduled'), taskUpdate({ ...task, state: 'scheduled' }, 'queued')];
      expect(await refused({ tasksUpdated: twice })).toBeInstanceOf(CompareAndSetError);
    });

    it.each([
      ['a NUL', { conf: '{"a":"\0"}' }],
      // What the types forbid comes out of JSON that a door did not check.
      ['no text', JSON.parse('{ "conf": 5 }')],
      ['undefined', { ...runRow(3), conf: undefined }],
    ])('a value that no database keeps: %s', async (_what, row) => {
      const error = await refused({ runsInserted: [{ ...runRow(3), ...row }] });
      expect(error).toBeInstanceOf(ContentRefusedError);
      expect(error).toMatchObject({ table: 'dag_run', column: 'conf', dagId: 'etl' });
    });

    it('a number that is not whole', async () => {
      expect(await refused({ runsInserted: [runRow(3, { queuedAt: 1.5 })] })).toMatchObject({
        code: 'content_refused',
        column: 'queued_at',
      });
    });

    it('a second run for one slot', async () => {
      expect(await refused({ runsInserted: [runRow(3, { slot: runRow(1).slot })] })).toMatchObject({
        code: 'conflict',
      });
    });
  });

  it('takes several legal steps in one turn when the event names them', async () => {
    const task = taskRow(2, 1);
    await commit(effectsOf('etl', { runsInserted: [runRow(1)], tasksInserted: [task] }));
    await commit(
      effectsOf('etl', {
        tasksUpdated: [taskUpdate(task, 'success')],
        events: [
          eventRow({
            type: 'task_state',
            taskInstanceKey: 2,
            data: JSON.stringify({ path: ['none', 'scheduled', 'queued', 'running', 'success'] }),
          }),
        ],
      }),
    );
    expect((await store.turns.taskInstances([1]))[0]?.state).toBe('success');
  });

  it('is fenced when the turn has moved, or when it was retired', async () => {
    await commit(effectsOf('etl', { events: [eventRow()] }));
    expect(await store.turns.commit(turnOf(0, effectsOf('etl', { events: [eventRow()] })))).toEqual({
      status: 'fenced',
    });
    await store.leases.retire('one', 0, AT);
    expect(await store.turns.commit(turnOf(turn))).toEqual({ status: 'fenced' });
    expect((await tables()).events).toHaveLength(3);
  });

  it('leaves out a DAG that another scheduler holds, with its slots, and writes the rest', async () => {
    const [task, first] = [taskRow(2, 1), taskRow(5, 1, { mapSort: '-' })];
    await commit(effectsOf('etl', { runsInserted: [runRow(1)], tasksInserted: [task, first] }));
    await store.leases.release('one', ['etl']);
    await registerScheduler(store, 'two');
    await store.leases.acquire('two', 1);
    const queue = {
      type: 'task_state',
      taskInstanceKey: 2,
      data: JSON.stringify({ path: ['none', 'scheduled', 'queued'] }),
    };
    const result = await store.turns.commit({
      ...turnOf(
        turn,
        effectsOf('etl', {
          tasksUpdated: [taskUpdate(task, 'queued')],
          // The first element of a list takes the place of what stood for the whole of it.
          tasksMoved: [{ ...taskUpdate(first, 'queued'), mapPath: '0', mapSort: '0000000000' }],
          events: [eventRow(queue), eventRow({ ...queue, taskInstanceKey: 5 })],
        }),
        effectsOf('report', {
          runsInserted: [runRow(3, { dagId: 'report' })],
          tasksInserted: [taskRow(4, 3, { dagId: 'report', state: 'queued' })],
          events: [eventRow({ ...queue, taskInstanceKey: 4 })],
        }),
      ),
      counters: [
        { name: 'parallelism', delta: 3, limit: 16 },
        { name: 'pool:default_pool', delta: 3, limit: 128 },
        { name: 'pool_with_deferred:default_pool', delta: 3, limit: -1 },
      ],
    });
    expect(result).toEqual({
      status: 'committed',
      lostDags: ['etl'],
      counters: new Map([
        ['parallelism', 1],
        ['pool:default_pool', 1],
        ['pool_with_deferred:default_pool', 1],
      ]),
    });
    expect((await tables()).tasks.map(({ key, state }) => [key, state])).toEqual([
      [2, 'none'],
      [4, 'queued'],
      [5, 'none'],
    ]);
    expect(await store.turns.auditCounters()).toEqual([]);
  });

  it.each<[string, Partial<SavedState>, string | null]>([
    ['its holder knows it', {}, '{"job":1}'],
    ['it is forgotten', { savedState: null }, 'null'],
    ['another holds the DAG, or it again', { epoch: 0 }, null],
    ['another grant', { grantNumber: 2 }, null],
    ['an attempt that is over', { attemptId: 11 }, null],
    ['an attempt that nobody knows', { attemptId: 12 }, null],
  ])('keeps what an attempt saves, when %s', async (_when, changes, expected) => {
    const task = taskRow(2, 1);
    await commit(
      effectsOf('etl', {
        runsInserted: [runRow(1)],
        tasksInserted: [task],
        attemptsInserted: [attemptRow(10, task), attemptRow(11, task)],
      }),
    );
    const over = { ...NO_ATTEMPT_CHANGES, attemptId: 11, grantNumber: 1, newGrant: 1, state: 'success' };
    await commit(effectsOf('etl', { attemptsUpdated: [{ ...over, endDate: AT }] }));
    const saved = {
      dagId: 'etl',
      epoch: 1,
      attemptId: 10,
      grantNumber: 1,
      savedState: { job: 1 },
      ...changes,
    };
    expect(await store.turns.saveState(saved)).toBe(expected !== null);
    expect((await tables()).attempts.map(({ savedState }) => savedState)).toEqual([expected, null]);
  });

  it('leaves out a DAG that it holds again under a newer epoch', async () => {
    await store.leases.release('one', ['etl']);
    await store.leases.acquire('one', 1);
    const result = await commit(effectsOf('etl', { events: [eventRow()] }));
    expect(result.lostDags).toEqual(['etl']);
    expect((await commit({ ...effectsOf('etl', { events: [eventRow()] }), epoch: 2 })).lostDags).toEqual([]);
  });

  describe('counters', () => {
    const move = (name: string, delta: number, limit: number) => ({ name, delta, limit });

    it('moves them up to the limit and not beyond', async () => {
      const first = await store.turns.commit({
        ...turnOf(0),
        counters: [move('parallelism', 3, 4), move('pool:a', 7, -1), move('pool:b', 0, 0)],
      });
      expect(first).toMatchObject({
        counters: new Map([
          ['parallelism', 3],
          ['pool:a', 7],
          ['pool:b', 0],
        ]),
      });
      const refused = await store.turns.commit({
        ...turnOf(1, effectsOf('etl', { events: [eventRow()] })),
        counters: [move('pool:a', 1, -1), move('parallelism', 2, 4)],
      });
      expect(refused).toEqual({
        status: 'counters_refused',
        counters: new Map([
          ['parallelism', 3],
          ['pool:a', 7],
        ]),
      });
      expect((await tables()).events).toHaveLength(2);
      expect(await store.turns.commit({ ...turnOf(1), counters: [move('parallelism', 1, 4)] })).toMatchObject(
        {
          status: 'committed',
        },
      );
    });

    it('takes what is given back even above the limit, and counts changes of one name together', async () => {
      await store.turns.commit({ ...turnOf(0), counters: [move('parallelism', 10, 16)] });
      const lowered = await store.turns.commit({
        ...turnOf(1),
        counters: [move('parallelism', 2, 4), move('parallelism', -3, 4)],
      });
      expect(lowered).toMatchObject({ status: 'committed', counters: new Map([['parallelism', 9]]) });
    });

    it('repairs them from the task instances', async () => {
      await commit(
        effectsOf('etl', {
          runsInserted: [runRow(1)],
          tasksInserted: [
            taskRow(2, 1, { state: 'scheduled' }),
            taskRow(3, 1, { state: 'scheduled', pool: 'big', poolSlots: 3 }),
          ],
        }),
      );
      await commit(
        effectsOf('etl', {
          tasksUpdated: [2, 3].map((key) =>
            taskUpdate(
              taskRow(key, 1, { state: 'scheduled', ...(key === 3 ? { pool: 'big', poolSlots: 3 } : {}) }),
              'queued',
            ),
          ),
        }),
      );
      await store.turns.commit({ ...turnOf(turn), counters: [move('pool:gone', 2, -1)] });
      expect(await store.turns.auditCounters()).toEqual(
        expect.arrayContaining([
          { name: 'parallelism', recorded: 0, actual: 2 },
          { name: 'pool:big', recorded: 0, actual: 3 },
          { name: 'pool:default_pool', recorded: 0, actual: 1 },
          { name: 'pool:gone', recorded: 2, actual: 0 },
          { name: 'pool_with_deferred:big', recorded: 0, actual: 3 },
        ]),
      );
      expect(await store.turns.auditCounters()).toEqual([]);
    });
  });

  it('writes turns that come at the same moment one after the other', async () => {
    const results = await Promise.all(
      [0, 1, 2, 2].map((expected) =>
        store.turns.commit(turnOf(expected, effectsOf('etl', { events: [eventRow({ at: AT + expected })] }))),
      ),
    );
    expect(results.map(({ status }) => status)).toEqual(['committed', 'committed', 'committed', 'fenced']);
  });

  it('writes a large turn', async () => {
    const tasks = Array.from({ length: 5_000 }, (_, i) => taskRow(100 + i, 1));
    await commit(effectsOf('etl', { runsInserted: [runRow(1)], tasksInserted: tasks }));
    await commit(effectsOf('etl', { tasksUpdated: tasks.map((task) => taskUpdate(task, 'scheduled')) }));
    const work = await store.turns.load('etl');
    expect(work?.taskInstances.filter((task) => task.state === 'scheduled')).toHaveLength(5_000);
  });
});
