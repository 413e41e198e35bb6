import type { Json } from '../../json.ts';
import { attemptEnded, attemptStarted } from '../attempt/attempt-life.ts';
import type { DagGraph, GraphTask } from '../graph/dag-graph.ts';
import type { Changes } from '../work/changes.ts';
import type { TaskDecision } from '../work/task-outcome.ts';
import type { InstanceWork } from '../work/work.ts';

const PLACE = { runnerId: 'simulated', host: 'simulated', pid: 0, log: { segment: '', start: 0 } };

/** An instance that was admitted has run, and succeeds: a branch goes every way, a loop goes round once, a list has one element. */
export function playEnd(instance: InstanceWork, changes: Changes): void {
  attemptStarted(instance, { ...PLACE, atMs: instance.queuedAt! }, changes);
  const decision = everyWay(instance.task, instance.run.graph);
  const outcome = {
    kind: 'success',
    xcoms: oneEach(instance.task),
    ...(decision === undefined ? {} : { decision }),
  } as const;
  attemptEnded(instance, { endedAtMs: changes.now, outcome, rendered: null, logEnd: null }, changes);
}

/** What is mapped over something is mapped over one element: nobody knows how many there will be. */
function oneEach(task: GraphTask): { readonly [key: string]: Json } {
  const sources = task.sourceOf.flatMap((level) => level.sources);
  const own = sources.filter((source) => source.task === task.index && !source.isCollected);
  return Object.fromEntries(own.map(({ key }) => [key, [null]]));
}

function everyWay(task: GraphTask, graph: DagGraph): TaskDecision | undefined {
  // Nobody knows how often it will go round.
  if (task.spec.decides === 'until') return { kind: 'until', isMet: true };
  if (task.spec.decides === 'short_circuit') return { kind: 'short_circuit', proceed: true };
  if (task.spec.decides !== 'branch') return undefined;
  if (task.sides !== null) return { kind: 'branch', chosen: [...task.sides.keys()] };
  return { kind: 'branch', chosen: task.downstream.map((i) => graph.tasks[i]!.spec.taskId) };
}
