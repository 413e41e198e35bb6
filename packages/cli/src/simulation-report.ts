import { median } from '@tsflow/core/queries';
import type { SimulatedRun } from '@tsflow/core/rules';
import type { SimulatedProject } from './compose/simulated-project.ts';

/** What a simulation says, in numbers. Instants are ISO 8601 UTC, times are milliseconds. */
export interface SimulationReport {
  readonly start: string;
  readonly end: string;
  readonly dags: readonly SimulatedDagReport[];
  readonly slots: SlotReport;
  readonly pools: readonly { readonly name: string; readonly peak: number; readonly limit: number }[];
  readonly deadlinesMissed: readonly {
    readonly dagId: string;
    readonly runId: string;
    readonly name: string;
    readonly taskId: string | null;
    readonly dueAt: string;
    readonly lateByMs: number;
  }[];
  /** Waits that ended because their `timeout` did. */
  readonly givenUp: readonly {
    readonly dagId: string;
    readonly runId: string;
    readonly taskId: string;
    /** What the task waited for. */
    readonly reason: string;
  }[];
  /** DAGs that were left out because they are paused. */
  readonly paused: readonly string[];
  readonly runs: readonly {
    readonly dagId: string;
    readonly runId: string;
    readonly state: 'success' | 'failed';
    readonly dueAt: string;
    readonly startDate: string;
    readonly endDate: string;
    /** How long its tasks together waited for slots. */
    readonly waitedMs: number;
  }[];
}

interface SimulatedDagReport {
  readonly dagId: string;
  readonly runs: number;
  /** Of them: a wait in them was given up. */
  readonly failed: number;
  /** Ticks that were too late, or had no room. */
  readonly passedOver: number;
  readonly medianRunMs: number;
  readonly longestRunMs: number;
  /** Longest time from a tick to the start of its run. */
  readonly latestStartMs: number;
  /** Longest time that one task waited for a slot. */
  readonly longestWaitMs: number;
  /** Tasks whose duration is not known from history. */
  readonly guessedTasks: number;
}

interface SlotReport {
  readonly limit: number;
  readonly peak: number;
  /** Of the limit, from start to end. */
  readonly meanShare: number;
  /** How long no slot was left. */
  readonly fullMs: number;
  readonly mostWaiting: number;
  /** Slots in use over time, on average, as bars of text: a full one is the limit. */
  readonly strip: string;
}

const BARS = ' ▁▂▃▄▅▆▇█';
const STRIP_WIDTH = 72;

/** The numbers of a simulation. */
export function simulationReport(project: SimulatedProject): SimulationReport {
  const { simulation, start, end, limits, dags } = project;
  const byDag = runsByDag(simulation.runs);
  return {
    start: iso(start),
    end: iso(end),
    dags: dags.map(({ graph, guessedTasks }) => {
      const { dagId } = graph.dag;
      const passedOver = simulation.passed.filter((tick) => tick.dagId === dagId).length;
      return { dagId, ...dagNumbers(byDag.get(dagId) ?? []), passedOver, guessedTasks };
    }),
    slots: slotReport(project),
    pools: [...simulation.pools].map(([name, peak]) => ({
      name,
      peak,
      limit: limits.poolSlots(name, start),
    })),
    deadlinesMissed: simulation.runs.flatMap((run) =>
      run.missed.map(({ name, taskId, dueAt }) => {
        const done =
          taskId === null ? run.endDate : run.tasks.find((task) => task.taskId === taskId)?.endDate;
        return {
          dagId: run.dagId,
          runId: run.runId,
          name,
          taskId,
          dueAt: iso(dueAt),
          lateByMs: Math.max(0, (done ?? run.endDate) - dueAt),
        };
      }),
    ),
    givenUp: simulation.runs.flatMap(({ dagId, runId, givenUp }) =>
      givenUp.map((wait) => ({ dagId, runId, ...wait })),
    ),
    paused: project.paused,
    runs: simulation.runs.map((run) => ({
      dagId: run.dagId,
      runId: run.runId,
      state: run.state,
      dueAt: iso(run.dueAt),
      startDate: iso(run.startDate),
      endDate: iso(run.endDate),
      waitedMs: run.tasks.reduce((sum, task) => sum + task.startDate - task.scheduledAt, 0),
    })),
  };
}

function dagNumbers(runs: readonly SimulatedRun[]) {
  const took = runs.map(({ startDate, endDate }) => endDate - startDate);
  return {
    runs: runs.length,
    failed: runs.filter(({ state }) => state === 'failed').length,
    medianRunMs: median(took) ?? 0,
    longestRunMs: largest(took),
    latestStartMs: largest(runs.map(({ dueAt, startDate }) => startDate - dueAt)),
    longestWaitMs: largest(
      runs.map(({ tasks }) => largest(tasks.map((task) => task.startDate - task.scheduledAt))),
    ),
  };
}

function slotReport({ simulation, start, end, limits }: SimulatedProject): SlotReport {
  const { slots } = simulation;
  const bucketMs = Math.max(1, (end + 1 - start) / STRIP_WIDTH);
  const usedMs = new Array<number>(STRIP_WIDTH).fill(0);
  let fullMs = 0;
  slots.forEach(({ at, used }, i) => {
    const until = Math.min(slots[i + 1]?.at ?? at, end + 1);
    if (used >= limits.parallelism(at)) fullMs += Math.max(0, until - at);
    for (let from = at; from < until; ) {
      const bucket = Math.floor((from - start) / bucketMs);
      const to = Math.min(until, Math.ceil(start + (bucket + 1) * bucketMs));
      usedMs[bucket]! += used * (to - from);
      from = to;
    }
  });
  const limit = largest(usedMs.map((_, bucket) => limits.parallelism(start + bucket * bucketMs)));
  const share = (ms: number, of: number) => (limit === 0 ? 0 : ms / (limit * of));
  return {
    limit,
    peak: largest(slots.map(({ used }) => used)),
    meanShare: share(
      usedMs.reduce((sum, ms) => sum + ms, 0),
      end + 1 - start,
    ),
    fullMs,
    mostWaiting: largest(slots.map(({ waiting }) => waiting)),
    strip: usedMs
      .map((ms) => BARS[Math.ceil(Math.min(1, share(ms, bucketMs)) * (BARS.length - 1))]!)
      .join(''),
  };
}

/** Spreading a hundred thousand numbers into `Math.max` would be too many arguments. */
const largest = (numbers: readonly number[]): number => numbers.reduce((max, one) => Math.max(max, one), 0);
const iso = (instant: number): string => new Date(instant).toISOString();

/** The runs of each DAG, in the order in which they started. */
export function runsByDag(runs: readonly SimulatedRun[]): ReadonlyMap<string, readonly SimulatedRun[]> {
  const groups = new Map<string, SimulatedRun[]>();
  for (const run of runs) {
    const group = groups.get(run.dagId);
    if (group === undefined) groups.set(run.dagId, [run]);
    else group.push(run);
  }
  return groups;
}
