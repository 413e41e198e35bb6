import { deadlinesOf } from '../run/deadlines.ts';
import { instancesOf } from '../work/map-scope.ts';
import type { RunWork } from '../work/work.ts';

export interface SimulatedTask {
  readonly taskId: string;
  /** When nothing but limits held it up any more. */
  readonly scheduledAt: number;
  readonly startDate: number;
  readonly endDate: number;
}

/** What did not come while a task had the patience to wait for it. */
export interface GivenUpWait {
  readonly taskId: string;
  readonly reason: string;
}

export interface SimulatedRun {
  readonly dagId: string;
  readonly runId: string;
  /** When its tick was due, or (made by a task or by events) when it was wanted. */
  readonly dueAt: number;
  readonly startDate: number;
  readonly endDate: number;
  /** Tasks succeed, but for waits that are given up. */
  readonly state: 'success' | 'failed';
  readonly givenUp: readonly GivenUpWait[];
  readonly tasks: readonly SimulatedTask[];
  /** Deadlines that passed before what they are about was done. */
  readonly missed: readonly {
    readonly name: string;
    readonly taskId: string | null;
    readonly dueAt: number;
  }[];
}

/** What is told of a run that is over. */
export function simulatedRun(run: RunWork, dueAt: number, givenUp: readonly GivenUpWait[]): SimulatedRun {
  return {
    dagId: run.dag.dagId,
    runId: run.runId,
    dueAt,
    startDate: run.startDate!,
    endDate: run.endDate!,
    state: run.state === 'failed' ? 'failed' : 'success',
    givenUp,
    tasks: [...instancesOf(run)]
      .filter(({ startDate }) => startDate !== null)
      .map(({ task, scheduledAt, startDate, endDate }) => ({
        taskId: task.spec.taskId,
        scheduledAt: scheduledAt!,
        startDate: startDate!,
        endDate: endDate!,
      })),
    missed: deadlinesOf(run, run.graph.dag)
      .filter(({ deadline }) => run.deadlinesMissed.has(deadline.name))
      .map(({ deadline: { name, taskId }, dueAt: missedAt }) => ({ name, taskId, dueAt: missedAt })),
  };
}
