import type { Intent } from '@tsflow/core/intents';
import type { TaskOutcome } from '@tsflow/core/rules';
import type { SerializedDag } from '@tsflow/core/serialization';
import { DatabaseError, type Store } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';

/** A turn that fails loses nothing, and what made it fail does not make the next one fail. */
const success: TaskOutcome = { kind: 'success', xcoms: { return_value: [1, 2] } };
const succeeds: Script = () => success;
const etl = (tasks: Record<string, TaskSpec>, dag: Partial<SerializedDag> = {}) =>
  serializedDag('etl', tasks, dag);
const clear = (runId: string, choice: object = {}): Intent => ({
  kind: 'clear',
  payload: { runId, ...choice },
});
const trigger = (runId: string): Intent => ({ kind: 'trigger', payload: { runId, conf: {} } });

/** Counts down calls of a method of `store.turns`; at none left, once, the database is away. */
class Outage {
  left = Number.POSITIVE_INFINITY;
  readonly #method: string;

  constructor(method: string) {
    this.#method = method;
  }

  readonly wrap = (store: Store): Store => {
    const turns = this.#watch(store.turns, (name, call) => {
      if (name !== this.#method) return call;
      return (...args: never[]) => {
        this.left -= 1;
        if (this.left !== 0) return call(...args);
        return Promise.reject(new DatabaseError('database_unavailable', 'it restarts'));
      };
    });
    return new Proxy(store, {
      get: (port, name) => {
        const value: unknown = name === 'turns' ? turns : Reflect.get(port, name, port);
        return typeof value === 'function' ? value.bind(port) : value;
      },
    });
  };

  #watch<T extends object>(
    target: T,
    around: (name: string | symbol, call: (...args: never[]) => unknown) => (...args: never[]) => unknown,
  ): T {
    return new Proxy(target, {
      get: (port, name) => {
        const value: unknown = Reflect.get(port, name, port);
        return typeof value === 'function' ? around(name, value.bind(port)) : value;
      },
    });
  }
}

describe('a turn that fails', () => {
  it('loses no tick of a DAG that it did not come to', async () => {
    const outage = new Outage('runsBySlot');
    const at = Date.now() + 700;
    const dags = ['a', 'b', 'c'].map((dagId) =>
      serializedDag(
        dagId,
        { load: {} },
        {
          timetable: { type: 'events', events: [new Date(at).toISOString()], description: null },
          // A machine that is busy starts the scheduler only after the instant.
          startDate: new Date(at).toISOString(),
          catchup: true,
        },
      ),
    );
    outage.left = 1;
    await using tsflow = await SchedulerHarness.start('sqlite', dags, succeeds, outage.wrap);
    await until('all three have their run', async () => {
      const runs = await tsflow.store.db.selectFrom('dagRun').select(['dagId', 'state']).execute();
      return runs.length === 3 && runs.every(({ state }) => state === 'success');
    });
    expect(tsflow.problems.splice(0)).toEqual([expect.stringContaining('it restarts')]);
  });

  it('because the database is away refuses nobody', async () => {
    const outage = new Outage('run');
    await using tsflow = await SchedulerHarness.start('sqlite', [etl({ load: {} })], succeeds, outage.wrap);
    await tsflow.ask('etl', trigger('one'));
    await tsflow.runIs('etl', 'one', 'success');
    outage.left = 1;
    await tsflow.ask('etl', clear('one'));
    await until('it ran again', async () => (await tsflow.tasks('etl', 'one')).load!.tryNumber === 2);
    await tsflow.runIs('etl', 'one', 'success');
    expect(tsflow.problems.splice(0)).toEqual([expect.stringContaining('it restarts')]);
  });
});

describe('what cannot be done', () => {
  it('is refused whole: a clear of an index that the newest version does not have', async () => {
    const list = { kind: 'output', taskId: 'list', key: 'return_value' } as const;
    const each = { upstream: ['list'], expand: { arguments: [{ name: 'x', list }] } };
    await using tsflow = await SchedulerHarness.start('sqlite', [etl({ list: {}, each })], succeeds);
    await tsflow.ask('etl', trigger('one'));
    await tsflow.runIs('etl', 'one', 'success');
    await tsflow.record(etl({ list: {}, each: { upstream: ['list'] } }));
    const refused = await tsflow.ask('etl', clear('one', { taskIds: ['each'], mapPath: '1' })).then(
      () => null,
      (error: Error) => error,
    );
    expect(refused).not.toBeNull();
    const before = await tsflow.store.db.selectFrom('taskInstance').select(['taskId', 'state']).execute();
    expect(before.map(({ state }) => state)).toEqual(before.map(() => 'success'));
    await tsflow.ask('etl', trigger('two'));
    await tsflow.runIs('etl', 'two', 'success');
    tsflow.problems.splice(0);
  });

  it('fails the task that said it, and nobody else: a wait for a time that is none', async () => {
    const script: Script = ({ taskId }) =>
      taskId !== 'odd'
        ? success
        : {
            kind: 'defer',
            savedState: null,
            deferral: {
              on: { kind: 'time', time: 'noon-ish', timezone: null },
              timeoutAt: null,
              onTimeout: 'fail',
              after: 'end',
            },
          };
    await using tsflow = await SchedulerHarness.start('sqlite', [etl({ odd: {}, load: {} })], script);
    await tsflow.ask('etl', trigger('one'));
    await tsflow.runIs('etl', 'one', 'failed');
    const { odd, load } = await tsflow.tasks('etl', 'one');
    expect([odd!.state, load!.state]).toEqual(['failed', 'success']);
    const { error } = (await tsflow.store.db.selectFrom('attempt').selectAll().execute()).find(
      ({ state }) => state === 'failed',
    )!;
    expect(error).toContain('noon-ish');
    expect(tsflow.problems.splice(0)).toEqual([expect.stringContaining('counts as a failure')]);
  });
});
