import type { ConfOf } from '../params/index.ts';
import type { DataInterval } from '../timetables/index.ts';
import type { AnyDag, DAG } from './dag.ts';

/** Runs, as a task sees and makes them. To wait for their end, use the operators: those hold no process. */
export interface DagRunPort {
  /**
   * Makes a run of another DAG and resolves with its id once it is stored. The nth run that an instance asks for is made once, however often the
   * task is tried or called again: a later try gets the run that the first one made, whatever it asks for then. Clearing counts anew.
   *
   * ```ts
   * const { runId } = await dagRuns.trigger(report, { conf: { day: ds } });
   * await dagRuns.trigger<typeof report>('report', { conf: { day: ds } }); // a DAG of another file, by `import type`
   * ```
   *
   * Throws `NotFoundError` when there is no such DAG, `InvalidInputError` for a conf that is no JSON, and the scheduler's own refusal for one that
   * the DAG's params do not take.
   *
   * @param dag the DAG, or its id
   */
  trigger<D extends AnyDag = AnyDag>(
    dag: D | string,
    options?: TriggerRunOptions<ConfOf<SchemaOf<D>>>,
  ): Promise<TriggeredRun>;
  /**
   * The newest successful run of this DAG whose logical date is before that of this run, of whatever type; null: there is none. What an incremental
   * load goes on from (Airflow's `prev_data_interval_end_success`, Digdag's `last_executed_session_time`):
   *
   * ```ts
   * const since = (await dagRuns.previousSuccess())?.dataInterval.end ?? dataInterval.start;
   * ```
   */
  previousSuccess(): Promise<PreviousRun | null>;
}

/** A run before this one. */
export interface PreviousRun {
  readonly runId: string;
  readonly logicalDate: Date;
  readonly dataInterval: DataInterval;
}

export interface TriggerRunOptions<Conf> {
  /** Values of the DAG's params. Default: their defaults. */
  readonly conf?: Conf;
  /** The instant that the run is about, also as ISO 8601. Default: now. */
  readonly logicalDate?: Date | string;
}

/** A run that a task asked for. */
export interface TriggeredRun {
  readonly dagId: string;
  readonly runId: string;
}

type SchemaOf<D extends AnyDag> = D extends DAG<infer Schema, infer _Exports> ? Schema : undefined;
