import { isFinished, isRunFinished, type TaskState } from '@tsflow/core/state';
import type { CommandContext } from './command-context.ts';
import { answerOf, type Schemas } from './door/api.ts';
import type { Door, SchedulerAtHand } from './door/door.ts';
import { paintState } from './output/colours.ts';
import { Progress } from './output/progress.ts';
import { runRecord } from './output/records.ts';

/** Follows a run to its end, with progress on the way, and prints what became of it. */
export async function waitForRun(
  context: CommandContext,
  { api, pollMs }: Door,
  { failed }: SchedulerAtHand,
  path: { dagId: string; runId: string },
): Promise<Schemas['Run']> {
  const look = () => answerOf(api.GET('/dags/{dagId}/runs/{runId}', { params: { path } }));
  const { out } = context;
  const progress = new Progress(out.streams.stderr, () => performance.now());
  let run = await look();
  while (!isRunFinished(run.state)) {
    progress.update(taskProgress(run));
    await Promise.race([new Promise((resolve) => setTimeout(resolve, pollMs)), failed]);
    run = await look();
  }
  progress.update(taskProgress(run));
  progress.stop();
  out.result(runRecord(run), () => {
    const why = run.reason === null ? '' : `: ${run.reason}`;
    return `${run.runId} of ${run.dagId}: ${paintState(out.paint, run.state)}${why}`;
  });
  return run;
}

function taskProgress(run: Schemas['Run']) {
  const counts = Object.entries(run.taskCounts) as [TaskState, number][];
  const count = (entries: typeof counts) => entries.reduce((sum, [, n]) => sum + n, 0);
  const detail = counts.map(([state, n]) => `${n} ${state}`).join(', ');
  return {
    done: count(counts.filter(([state]) => isFinished(state))),
    total: Math.max(1, count(counts)),
    detail: detail === '' ? `${run.runId} is ${run.state}` : detail,
  };
}
