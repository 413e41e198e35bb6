import type { Clock } from '@tsflow/core/clock';
import type { SerializedDag } from '@tsflow/core/serialization';
import type { DagEffects, DagVersionTable, Turn, TurnResult } from '@tsflow/core/store';
import type { Executor, ExecutorEvents, Workload } from '@tsflow/scheduler/executors';
import { sql } from 'kysely';
import { type Breakage, NOTHING_BROKEN, type StoreCall } from './breakage.ts';
import type { ProcessClock } from './process-clock.ts';
import type { Invariant } from './violation.ts';

/** Something that is built wrong, and the invariant that has to fail in some history. */
export interface KnownBreakage {
  readonly what: string;
  readonly breaks: Invariant;
  make(): Breakage;
}

export const BREAKAGES: readonly KnownBreakage[] = [
  {
    what: 'a slot that is never found taken, in a database that lets it be taken twice',
    breaks: 'I1',
    make: () => ({
      ...onCall('turns.runsBySlot', async () => []),
      spoil: async (store) => {
        await sql`drop index dag_run_slot`.execute(store.db);
      },
    }),
  },
  {
    what: 'a retry under the number of the try before it',
    breaks: 'I2',
    make: () =>
      onDags((effects) => ({
        ...effects,
        attemptsInserted: effects.attemptsInserted.map((row) => ({ ...row, tryNumber: 1 })),
      })),
  },
  {
    what: 'a commit that writes less than it says',
    breaks: 'I3',
    make: () =>
      onCommit((turn, run) =>
        run({
          ...turn,
          dags: turn.dags.map((of) => ({
            ...of,
            runsUpdated: of.runsUpdated.map((row) => ({ ...row, endDate: null })),
          })),
        }),
      ),
  },
  {
    what: 'an executor that hands some of its work to nobody',
    breaks: 'I4',
    make: () =>
      onExecutor('submit', (executor) => {
        let submitted = 0;
        return (workloads: readonly Workload[]) => {
          submitted += workloads.length;
          if (submitted % 4 !== 0) executor.submit(workloads);
        };
      }),
  },
  {
    what: 'a person whose deed is not written down',
    breaks: 'I5',
    make: () =>
      onDags((effects) => ({
        ...effects,
        events: effects.events
          .filter(({ type }) => type !== 'intent_applied')
          .map((event) => (event.type === 'run_state' ? { ...event, actor: 'scheduler' } : event)),
      })),
  },
  {
    what: 'slots that are taken whatever the limit',
    breaks: 'I6',
    make: () =>
      onCommit((turn, run) =>
        run({ ...turn, counters: turn.counters.map((change) => ({ ...change, limit: -1 })) }),
      ),
  },
  {
    what: 'a changed Variable that nobody hears of',
    breaks: 'I6',
    make: () => onCall('variables.revision', async () => 1),
  },
  {
    what: 'a schedule that is read a little too slow',
    breaks: 'I7',
    make: () =>
      onSerialized((dag) => {
        const { timetable } = dag;
        if (timetable.type !== 'delta') return dag;
        return { ...dag, timetable: { ...timetable, everyMs: (timetable.everyMs as number) + 7 } };
      }),
  },
  {
    what: 'retries that are read too many',
    breaks: 'I8',
    make: () =>
      onSerialized((dag) => ({
        ...dag,
        tasks: dag.tasks.map((task) => ({ ...task, retries: task.retries + 2 })),
      })),
  },
  {
    what: 'a limit that is read as none at all',
    breaks: 'I10',
    make: () => onSerialized((dag) => ({ ...dag, maxActiveTasks: 0 })),
  },
  {
    what: 'a clock whose timers are due at once',
    breaks: 'I11',
    make: () => ({ ...NOTHING_BROKEN, clock: impatient }),
  },
  {
    what: 'a trigger rule that is read as none',
    breaks: 'I14',
    make: () =>
      onSerialized((dag) => ({
        ...dag,
        tasks: dag.tasks.map((task) => ({ ...task, triggerRule: 'always' })),
      })),
  },
  {
    what: 'an executor that forgets what has ended',
    breaks: 'I15',
    make: () => ({
      ...NOTHING_BROKEN,
      events: (events: ExecutorEvents): ExecutorEvents => {
        let outcomes = 0;
        return {
          ...events,
          outcome(report) {
            outcomes += 1;
            if (outcomes % 6 !== 0) events.outcome(report);
          },
        };
      },
    }),
  },
  {
    what: 'a commit that leaves an event out',
    breaks: 'rebuilt',
    make: () =>
      onCommit(
        inEvery(5, (turn, run) =>
          run({ ...turn, dags: turn.dags.map((of) => ({ ...of, events: of.events.slice(0, -1) })) }),
        ),
      ),
  },
  {
    what: 'an intent that stays pending for who looks, in a database that lets it be decided twice',
    breaks: 'asked',
    make: () => {
      const seen = new Map<number, object>();
      const decided = new Set<number>();
      return {
        ...NOTHING_BROKEN,
        async call({ name, args, run }) {
          if (name === 'intents.pending') {
            const rows = (await run(args)) as readonly { readonly id: number }[];
            const again = [...seen.values()].slice(-1);
            for (const row of rows) seen.set(row.id, row);
            return rows.length > 0 ? [...again, ...rows] : rows;
          }
          if (name !== 'turns.commit') return run(args);
          const turn = args[0] as Turn;
          const once = (of: DagEffects) => of.intentsDecided.filter(({ id }) => !decided.has(id));
          const dags = turn.dags.map((of) => ({ ...of, intentsDecided: once(of) }));
          const result = await run([{ ...turn, dags }]);
          for (const { intentsDecided } of turn.dags) for (const { id } of intentsDecided) decided.add(id);
          return result;
        },
      };
    },
  },
  {
    what: 'an executor that starts its work once more with the next',
    breaks: 'claimed',
    make: () =>
      onExecutor('submit', (executor) => {
        let before: readonly Workload[] = [];
        return (workloads) => {
          executor.submit([...before, ...workloads]);
          before = workloads;
        };
      }),
  },
  {
    what: 'an executor that takes over nothing and says that all is lost',
    breaks: 'finished',
    make: () => onExecutor('adopt', () => loseAll),
  },
  {
    what: 'a slot that is never found taken',
    breaks: 'errors',
    make: () => onCall('turns.runsBySlot', async () => []),
  },
];

const loseAll: Executor['adopt'] = async (attempts) =>
  attempts.map(({ attemptId, grantNumber }) => ({
    attemptId,
    grantNumber,
    started: true,
    reason: 'so it says',
  }));

function onCall(name: string, instead: (call: StoreCall) => Promise<unknown>): Breakage {
  return {
    ...NOTHING_BROKEN,
    call: (call) => (call.name === name ? instead(call) : call.run(call.args)),
  };
}

/** An executor with one of its methods made wrong. */
function onExecutor<K extends 'submit' | 'adopt'>(
  wrong: K,
  make: (executor: Executor) => Executor[K],
): Breakage {
  return {
    ...NOTHING_BROKEN,
    executor: (executor) => {
      const made = make(executor);
      return new Proxy(executor, {
        get: (target, member) => {
          if (member === wrong) return made;
          const value: unknown = Reflect.get(target, member, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
}

/** A scheduler that decides something else: so it stands in the database, and in the books. */
function onDags(change: (effects: DagEffects) => DagEffects): Breakage {
  return onCall('turns.commit', async ({ args, run }) => {
    const turn = args[0] as Turn;
    return run([{ ...turn, dags: turn.dags.map(change) }], true);
  });
}

/** A scheduler that reads another DAG than the one that was written. */
function onSerialized(change: (dag: SerializedDag) => SerializedDag): Breakage {
  return onCall('catalog.version', async ({ args, run }) => {
    const row = (await run(args)) as DagVersionTable | null;
    if (row === null) return null;
    return { ...row, serialized: JSON.stringify(change(JSON.parse(row.serialized) as SerializedDag)) };
  });
}

type Commit = (turn: Turn, run: (turn: Turn) => Promise<TurnResult>) => Promise<TurnResult> | TurnResult;

function onCommit(instead: Commit): Breakage {
  return onCall('turns.commit', async ({ args, run }) =>
    instead(args[0] as Turn, async (turn) => (await run([turn])) as TurnResult),
  );
}

/** Does it wrong each time it is asked for the `count`th time. */
function inEvery(count: number, wrong: Commit): Commit {
  let calls = 0;
  return (turn, run) => {
    calls += 1;
    return calls % count === 0 ? wrong(turn, run) : run(turn);
  };
}

/** A clock whose timers are due as soon as they are set. */
function impatient(clock: ProcessClock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimer: (_delayMs, callback) => clock.setTimer(0, callback),
  };
}
