import type { EmittedAssetEvent } from '../../assets/index.ts';
import type { SerializedError } from '../../errors.ts';
import type { EventData, EventType } from '../../events/index.ts';
import type { JsonObject } from '../../json.ts';
import type { AssetArrival } from '../schedule/asset-runs.ts';
import type { InternalKey } from './idempotency-key.ts';
import type { CallbackChange, CallbackWork, News } from './news.ts';
import type {
  AttemptWork,
  BackfillWork,
  DagWorkState,
  GroupWork,
  InstanceWork,
  Occupied,
  PoolUse,
  RunWork,
} from './work.ts';

/**
 * What one turn did to the working state, so that the shell can write it in one commit. Deciding functions change the working
 * state and note here what they touched; they write nothing and start nothing.
 */
export class Changes {
  /** When the turn decides: every stamp of it is this instant. */
  readonly now: number;
  readonly newRuns = new Set<RunWork>();
  readonly runs = new Map<RunWork, RunWork['state']>();
  readonly newInstances = new Set<InstanceWork>();
  readonly instances = new Set<InstanceWork>();
  /** Instances whose map path is another than the database has. */
  readonly moved = new Set<InstanceWork>();
  /** Instances whose map index has another name than the database has. */
  readonly named = new Set<InstanceWork>();
  /** Groups whose row changes: they begin again, or will not after all, or were given more tries. */
  readonly groups = new Set<GroupWork>();
  /** Groups that will not begin again after all: their tasks are to be asked. */
  readonly reopened = new Set<GroupWork>();
  /** Instances that had ended and are no more: the next run waits for them no longer. */
  readonly goneEnds = new Set<InstanceWork>();
  readonly newAttempts: { instance: InstanceWork; attempt: AttemptWork }[] = [];
  /** Attempts that changed and have not ended, each once, however much happened to it. */
  readonly attempts = new Map<AttemptWork, InstanceWork>();
  readonly endedAttempts: EndedAttempt[] = [];
  readonly xcoms: { dagId: string; attemptId: number; key: string; value: string }[] = [];
  readonly events: TurnEvent[] = [];
  readonly newBackfills = new Set<BackfillWork>();
  readonly backfills = new Map<BackfillWork, DagWorkState>();
  readonly dags = new Map<DagWorkState, DagBefore>();
  /** Instances that became ready: for the queue. */
  readonly ready: InstanceWork[] = [];
  /** Instances that wait for a time (`nextAt`): for the timer heap. */
  readonly waiting: InstanceWork[] = [];
  /** Attempts whose process tree has to end. */
  readonly cancels: { instance: InstanceWork; attempt: AttemptWork; reason: string }[] = [];
  /** `onKill`s to be granted: of attempts that were ended from outside. */
  readonly onKills: { instance: InstanceWork; attempt: AttemptWork }[] = [];
  /** Triggers to be handed out: of attempts that were deferred. */
  readonly triggers: { instance: InstanceWork; attempt: AttemptWork }[] = [];
  /** What is told to other DAGs: intents of theirs, in the same commit. */
  readonly sent: SentIntent[] = [];
  /** Grants of waiting attempts that are over: who works on one may forget it. */
  readonly fences: { instance: InstanceWork; attemptId: number; grantNumber: number }[] = [];
  /** Slots that are taken whether they are free or not, by pool; part of `slots`. */
  readonly owedSlots = new Map<string, number>();
  /** Slots that are kept without having been taken, by pool: of waits that begin without a process. Part of `slotsWithDeferred`. */
  readonly owedDeferred = new Map<string, number>();
  readonly owedKeys = new Map<string, number>();
  owedParallelism = 0;
  /** DAGs in which a run ended or room appeared: queued runs, ticks and backfills may go on. */
  readonly roomInDags = new Set<DagWorkState>();
  /** Those whose room was given away in this turn: what appears in them after that is for the next one. */
  readonly servedDags = new Set<DagWorkState>();
  /** Changed use of slots, by pool; every one also counts for `parallelism`. */
  readonly slots = new Map<string, number>();
  /** The same with what deferred instances keep: for pools that count those too. */
  readonly slotsWithDeferred = new Map<string, number>();
  /** The same by concurrency key. */
  readonly keys = new Map<string, number>();
  parallelism = 0;
  /** Events of outlets of tasks that succeeded; the shell gives them their ids. */
  readonly assetEvents: OutletEvent[] = [];
  /** Events of assets that reached a DAG, or made a run of it, or count no longer. */
  readonly assetArrivals = new Map<AssetArrival, ArrivalChange>();
  /** What happened that somebody may have to be told of. */
  readonly news: News[] = [];
  /** Callbacks that go into the outbox: made of the news by the shell, which has keys for them. */
  readonly newCallbacks: CallbackWork[] = [];
  readonly callbacks: CallbackChange[] = [];
  /** Deadlines that passed while what they are about was not done. */
  readonly deadlinesMissed: { run: RunWork; name: string; taskId: string | null; dueAt: number }[] = [];
  /** Runs that this turn read from the database, by key: what else it does to one of them, it does to the same copy. */
  readonly restored = new Map<number, RunWork>();

  constructor(now: number) {
    this.now = now;
  }

  /** The DAGs that have room up to now, whose room is about to be given away. */
  takeRoomInDags(): ReadonlySet<DagWorkState> {
    const dags = new Set(this.roomInDags);
    for (const dag of dags) this.servedDags.add(dag);
    this.roomInDags.clear();
    return dags;
  }

  /** Notes that the run's row changes; remembers the state it had in the database. */
  touchRun(run: RunWork): void {
    if (!this.runs.has(run)) this.runs.set(run, run.state);
  }

  /** Notes that the DAG's row changes; remembers the mark that the database has. */
  touchDag(dag: DagWorkState): DagBefore {
    const before = this.dags.get(dag) ?? {
      mark: dag.mark,
      isPaused: dag.isPaused,
      markVersion: dag.markVersion,
      skipUntil: dag.skipUntil,
    };
    this.dags.set(dag, before);
    return before;
  }

  /** How much was noted so far: what throws and leaves it as it was has done nothing by halves. */
  get extent(): number {
    const { newRuns, runs, newInstances, instances, newAttempts, attempts, endedAttempts, events } = this;
    const { newBackfills, backfills, dags, sent, assetEvents, assetArrivals, news } = this;
    const sets = [
      newRuns,
      runs,
      newInstances,
      instances,
      attempts,
      newBackfills,
      backfills,
      dags,
      assetArrivals,
    ];
    const lists = [newAttempts, endedAttempts, events, sent, assetEvents, news];
    return sets.reduce((sum, { size }) => sum + size, 0) + lists.reduce((sum, { length }) => sum + length, 0);
  }

  touchBackfill(dag: DagWorkState, backfill: BackfillWork): void {
    this.backfills.set(backfill, dag);
  }

  event<T extends EventType>(
    event: Omit<TurnEvent, 'type' | 'data'> & { type: T; data?: EventData[T] },
  ): void {
    this.events.push(event as TurnEvent);
  }

  /** An instance takes its slots beyond the limit. */
  owe({ pool, poolSlots, concurrencyKey }: Occupied): void {
    this.owedSlots.set(pool, (this.owedSlots.get(pool) ?? 0) + poolSlots);
    if (concurrencyKey !== null)
      this.owedKeys.set(concurrencyKey, (this.owedKeys.get(concurrencyKey) ?? 0) + 1);
    this.owedParallelism += 1;
  }

  /** An instance waits from its beginning: it never asked the pool for its slots. */
  oweDeferred({ pool, poolSlots }: PoolUse): void {
    this.owedDeferred.set(pool, (this.owedDeferred.get(pool) ?? 0) + poolSlots);
  }

  keepInPool({ pool, poolSlots }: PoolUse, sign: 1 | -1): void {
    this.slotsWithDeferred.set(pool, (this.slotsWithDeferred.get(pool) ?? 0) + sign * poolSlots);
  }

  takeSlots({ pool, poolSlots, concurrencyKey }: Occupied, sign: 1 | -1): void {
    this.slots.set(pool, (this.slots.get(pool) ?? 0) + sign * poolSlots);
    if (concurrencyKey !== null) this.keys.set(concurrencyKey, (this.keys.get(concurrencyKey) ?? 0) + sign);
    this.parallelism += sign;
  }
}

/** An intent of one DAG to another (or to itself), as the scheduler sends it. */
export interface SentIntent {
  readonly from: DagWorkState;
  readonly dagId: string;
  readonly kind: string;
  readonly payload: object;
  readonly idempotencyKey: InternalKey;
}

/** What became of an event that reached a DAG. */
export interface ArrivalChange {
  readonly dag: DagWorkState;
  readonly state: 'pending' | 'taken' | 'dropped';
  /** The run that it made, with others. */
  readonly run: RunWork | null;
}

/** What the success of a task means for an asset. */
export interface OutletEvent extends EmittedAssetEvent {
  /** Given by the shell; 0 before. */
  eventId: number;
  readonly instance: InstanceWork;
}

export interface DagBefore {
  readonly mark: number | null;
  readonly isPaused: boolean;
  readonly markVersion: string | null;
  readonly skipUntil: number | null;
}

/** An attempt that is over, with what its last report carried. */
export interface EndedAttempt {
  readonly instance: InstanceWork;
  readonly attempt: AttemptWork;
  readonly state: 'success' | 'failed' | 'skipped' | 'lost' | 'killed';
  readonly endDate: number;
  readonly error: SerializedError | null;
  readonly rendered: JsonObject | null;
  readonly logEnd: number | null;
}

export interface TurnEvent {
  readonly type: EventType;
  readonly dagId: string;
  readonly run?: RunWork;
  /** Of a run that is not in memory any more. */
  readonly runKey?: number;
  readonly instance?: InstanceWork;
  readonly attemptId?: number;
  readonly from?: string;
  readonly to?: string;
  readonly actor?: string;
  readonly data?: object;
}
