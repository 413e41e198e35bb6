import type { ExternalWait } from '../../dag/wait.ts';
import { isFinished, isRunFinished } from '../../state/index.ts';
import { meantAmong, meantRuns } from '../attempt/external-runs.ts';
import { externalVerdict, type FoundStates, runState, statesIn } from '../attempt/external-verdict.ts';
import { type ResolvedRunWait, requestedEnd } from '../attempt/run-request.ts';
import { assetWaitSince, endsAssetWait } from '../attempt/wait-due.ts';
import { answered, gaveUp, requestFailed } from '../attempt/waiting.ts';
import type { AssetArrival } from '../schedule/asset-runs.ts';
import type { Changes } from '../work/changes.ts';
import type { InstanceWork, RunWork } from '../work/work.ts';

/** The simulation, as far as waits ask it. */
export interface Play {
  /** First instant that is played. */
  readonly start: number;
  /** The runs of a DAG so far; null: it is not played. */
  runsOf(dagId: string): readonly RunWork[] | null;
  /** The run that a task asked for: it is made now, or is there. Null: that run cannot be had. */
  request(request: ResolvedRunWait): RunWork | null;
  /** Whether a task that is played updates the asset. */
  produces(asset: string): boolean;
  /** What an instance waits for lies outside of the play, and comes after as long as it usually takes. */
  outside(instance: InstanceWork): void;
}

/**
 * Who answers the tasks of a simulation that wait for more than a time. DAGs that are played answer as they do in earnest. What would have
 * been there before the first instant was there.
 */
export class PlayedWaits {
  readonly #play: Play;
  /** Who waits for ends in a DAG. */
  readonly #ends = new Map<string, Set<InstanceWork>>();
  readonly #assets = new Map<string, Set<InstanceWork>>();
  readonly #events = new Map<string, AssetArrival[]>();

  constructor(play: Play) {
    this.#play = play;
  }

  /** An instance has begun to wait. */
  begin(instance: InstanceWork, changes: Changes): void {
    const { on } = instance.attempt!.waiting!.deferral!;
    switch (on.kind) {
      case 'external':
        if (this.#play.runsOf(on.dagId) === null) return this.#play.outside(instance);
        return this.#awaitEnd(instance, on, changes);
      case 'run':
        return this.#request(instance, on as ResolvedRunWait, changes);
      case 'asset': {
        if (!this.#play.produces(on.asset)) return this.#play.outside(instance);
        const past = this.#events.get(on.asset)?.some((event) => endsAssetWait(on, instance.run, event));
        const since = assetWaitSince(on, instance.run) ?? Number.NEGATIVE_INFINITY;
        if (past === true || since < this.#play.start) return answered(instance, null, changes);
        addTo(this.#assets, on.asset, instance);
      }
    }
  }

  /** Tells who waits for the asset. */
  assetUpdated(event: AssetArrival, changes: Changes): void {
    const events = this.#events.get(event.asset) ?? [];
    events.push(event);
    this.#events.set(event.asset, events);
    for (const instance of this.#assets.get(event.asset) ?? []) {
      const on = waitOf(instance);
      if (on?.kind === 'asset' && !endsAssetWait(on, instance.run, event)) continue;
      this.#assets.get(event.asset)!.delete(instance);
      if (on?.kind === 'asset') answered(instance, null, changes);
    }
  }

  /** Answers who waits for what ended in this turn. */
  ended(changes: Changes): void {
    if (this.#ends.size === 0) return;
    const dags = new Set<string>();
    for (const run of changes.runs.keys()) if (isRunFinished(run.state)) dags.add(run.dag.dagId);
    for (const { run, state } of changes.instances) if (isFinished(state)) dags.add(run.dag.dagId);
    for (const dagId of dags) {
      for (const instance of this.#ends.get(dagId) ?? []) this.#look(instance, dagId, changes);
    }
  }

  #request(instance: InstanceWork, on: ResolvedRunWait, changes: Changes): void {
    if (this.#play.runsOf(on.dagId) === null) {
      return on.waitForCompletion ? this.#play.outside(instance) : answered(instance, null, changes);
    }
    const run = this.#play.request(on);
    if (run === null)
      return requestFailed(instance, `another task made run ${on.runId} of ${on.dagId}`, false, changes);
    if (on.waitForCompletion) this.#awaitEnd(instance, on, changes);
    else answered(instance, null, changes);
  }

  #awaitEnd(instance: InstanceWork, { dagId }: { readonly dagId: string }, changes: Changes): void {
    addTo(this.#ends, dagId, instance);
    this.#look(instance, dagId, changes);
  }

  #look(instance: InstanceWork, dagId: string, changes: Changes): void {
    const on = waitOf(instance);
    const waits = this.#ends.get(dagId)!;
    // Its patience was over, or its run.
    if (on?.kind !== 'external' && on?.kind !== 'run') return void waits.delete(instance);
    const end = on.kind === 'run' ? requestedEnd(on as ResolvedRunWait) : on;
    const verdict = externalVerdict(end, this.#found(end));
    if (verdict.kind === 'wait') return;
    waits.delete(instance);
    if (verdict.kind === 'passed') return answered(instance, null, changes);
    const reason = `${verdict.name} of ${dagId} is ${verdict.state}`;
    if (on.kind === 'run') requestFailed(instance, reason, true, changes);
    else gaveUp(instance, reason, changes);
  }

  #found({ which, dagId, taskIds, allowedStates }: ExternalWait): FoundStates[] {
    const runs = this.#play.runsOf(dagId)!;
    return meantRuns(which).map((meant) => {
      const run = meantAmong(meant, runs);
      if (run !== null) return statesIn(run, taskIds);
      return 'to' in meant && meant.to < this.#play.start ? [runState({ state: allowedStates[0]! })] : [];
    });
  }
}

function waitOf({ state, attempt }: InstanceWork) {
  return state === 'deferred' ? attempt?.waiting?.deferral?.on : undefined;
}

function addTo(waits: Map<string, Set<InstanceWork>>, key: string, instance: InstanceWork): void {
  const waiting = waits.get(key) ?? new Set<InstanceWork>();
  waiting.add(instance);
  waits.set(key, waiting);
}
