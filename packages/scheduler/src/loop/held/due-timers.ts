import {
  type DagWorkState,
  type DueDeadline,
  Heap,
  type InstanceWork,
  type RunWork,
} from '@tsflow/core/rules';

/** Something that is due at an instant. */
export type DueTimer =
  /** It is tried again, is called again, or has waited long enough. */
  | { readonly kind: 'instance'; readonly at: number; readonly instance: InstanceWork }
  | { readonly kind: 'time_limit'; readonly at: number; readonly run: RunWork }
  | { readonly kind: 'deadline'; readonly at: number; readonly run: RunWork; readonly deadline: DueDeadline }
  | ({ readonly kind: 'queued_deadline'; readonly at: number } & QueuedDeadline)
  /** Its next run is due. */
  | { readonly kind: 'tick'; readonly at: number; readonly dag: DagWorkState }
  /** A deadline of its tick that waits for room is here. */
  | { readonly kind: 'late'; readonly at: number; readonly dag: DagWorkState }
  /** Its next tick is near: runners load its code ahead of it. */
  | { readonly kind: 'preload'; readonly at: number; readonly dag: DagWorkState };

/** A deadline of a run that has not begun: the run has no memory here, so it is looked up when the instant has come. */
export interface QueuedDeadline {
  readonly dag: DagWorkState;
  readonly runId: string;
  readonly deadline: DueDeadline;
}

/** Fewer places than these are not worth sweeping. */
const MIN_SWEEP = 64;

/**
 * What is due when: one timer for each thing that can become due, the newest that was set for it. Timers of a run go with it, so that an
 * instant far away does not keep a finished run in memory; whether one that is left still counts is for who takes it to say.
 */
export class DueTimers {
  readonly #places = new Heap<Place>((a, b) => a.at - b.at);
  readonly #ofOwner = new Map<RunWork | DagWorkState, Map<unknown, Place>>();
  /** Places whose timer is gone. They stand in the heap until they are reached, or until they are half of it. */
  #empty = 0;

  get size(): number {
    return this.#places.size - this.#empty;
  }

  set(timer: DueTimer): void {
    const owner = ownerOf(timer);
    const places = this.#ofOwner.get(owner) ?? new Map<unknown, Place>();
    this.#ofOwner.set(owner, places);
    const subject = subjectOf(timer);
    const before = places.get(subject);
    if (before !== undefined) this.#vacate(before);
    const place: Place = { at: timer.at, timer };
    places.set(subject, place);
    this.#places.push(place);
  }

  /** The one that is due first. */
  peek(): DueTimer | undefined {
    for (let place = this.#places.peek(); place !== undefined; place = this.#places.peek()) {
      if (place.timer !== null) return place.timer;
      this.#places.pop();
      this.#empty -= 1;
    }
    return undefined;
  }

  pop(): DueTimer | undefined {
    const timer = this.peek();
    if (timer === undefined) return undefined;
    this.#places.pop();
    const owner = ownerOf(timer);
    const places = this.#ofOwner.get(owner)!;
    places.delete(subjectOf(timer));
    if (places.size === 0) this.#ofOwner.delete(owner);
    return timer;
  }

  /** Takes the timers away that were set for a run, or for a DAG itself. Costs what they are. */
  forget(owner: RunWork | DagWorkState): void {
    for (const place of this.#ofOwner.get(owner)?.values() ?? []) this.#vacate(place);
    this.#ofOwner.delete(owner);
  }

  #vacate(place: Place): void {
    place.timer = null;
    this.#empty += 1;
    if (this.#empty < MIN_SWEEP || this.#empty * 2 < this.#places.size) return;
    this.#places.keep(({ timer }) => timer !== null);
    this.#empty = 0;
  }
}

/** The DAG that a timer is about. */
export function timedDag(timer: DueTimer): DagWorkState {
  const owner = ownerOf(timer);
  return 'dag' in owner ? owner.dag : owner;
}

/** Where a timer stands in the heap. */
interface Place {
  readonly at: number;
  /** Null: it was taken away. */
  timer: DueTimer | null;
}

/** With whom a timer goes. A queued run has no memory here. */
function ownerOf(timer: DueTimer): RunWork | DagWorkState {
  switch (timer.kind) {
    case 'instance':
      return timer.instance.run;
    case 'time_limit':
    case 'deadline':
      return timer.run;
    default:
      return timer.dag;
  }
}

/** What of its owner it is about: of that there is one timer. */
function subjectOf(timer: DueTimer): unknown {
  switch (timer.kind) {
    case 'instance':
      return timer.instance;
    case 'deadline':
      return `deadline\0${timer.deadline.deadline.name}`;
    case 'queued_deadline':
      return `${timer.runId}\0${timer.deadline.deadline.name}`;
    default:
      return timer.kind;
  }
}
