/**
 * Types of the append-only `event` table. Task and run states carry `fromState` and `toState`; what else belongs to an event is in
 * its `data`, whose members are named here.
 */
export interface EventData {
  /** `path`: the states passed within one turn, when there were more than two. `reason`: why, in words. */
  task_state: { path?: readonly string[]; reason?: string; tryNumber?: number };
  run_created: { runType: string; conf?: unknown };
  run_state: { reason?: string };
  /** A clear gave the run other params: those before are what its earlier tries had. */
  run_conf_changed: { from: object; to: object };
  /** Somebody asked for this task instance to run alone, whatever stands before it. */
  dependencies_ignored: Record<string, never>;
  /** A task failed for good, and a group around it has a retry left: it begins again at `nextAt` (ISO 8601). `tryNumber`: the one that failed. */
  group_retry: {
    groupId: string;
    mapPath: string;
    tryNumber: number;
    maxTries: number;
    reason: string;
    nextAt: string;
  };
  /** Every task of a group was reset, and its first ones are asked. */
  group_restarted: { groupId: string; mapPath: string; tryNumber: number; maxTries: number };
  /** A runner or its machine was lost; the attempt counts as infrastructure, not as a try. */
  infra_lost: { reason: string; infraNumber: number };
  /** `onKill` of an ended attempt is over. `reason`: why it did not succeed. */
  on_kill: { success: boolean; reason?: string };
  /** An attempt rendered how people call its map index. */
  task_named: { renderedMapIndex: string };
  /** Functions of a callback threw, ran out of time, or lost their runner too often. */
  callback_failed: { event: string; callbackId: number; taskId: string | null; message: string };
  /** A deadline passed while what it is about (a task, or null: the run) was not done. */
  deadline_missed: { name: string; taskId: string | null; dueAt: string };
  /** A report under an old grant came and was refused. */
  report_refused: { grantNumber: number; newest: number };
  dag_paused: Record<string, never>;
  dag_unpaused: Record<string, never>;
  dag_version: { version: string; number: number };
  /** A tick, or several, that made no run: too many were active, or it came too late. Dates are ISO 8601. */
  tick_skipped: { reason: 'overlap' | 'delayed'; first: string; last: string; count: number };
  /**
   * Ticks that came while nothing could be made of them - no scheduler, no room, a pause - and that a DAG without catchup does not make up
   * for: from `first` on, all before `until`, which is the one that counts. `count` is null above 1,000.
   */
  ticks_missed: { first: string; until: string; count: number | null };
  /** Somebody told the schedule to pass over runs, or to make one ahead of its time. */
  dag_rescheduled: { skipUntil: string; skipped: number; runId?: string };
  intent_applied: { intentId: number; kind: string; result: unknown };
  intent_refused: { intentId: number; kind: string; reason: string };
  backfill_state: { backfillKey: number; state: string };
  /** Slots at admission: what the parallelism audit reads. */
  admitted: { parallelism: number; used: number };
  import_error: { file: string; message: string };
  import_error_fixed: { file: string };
  variable_changed: { key: string };
  /** Slots before and after; null: there was no such pool, or there is none any more. */
  pool_changed: { name: string; from: number | null; to: number | null };
  connection_changed: { connectionId: string };
  /** A task or callback asked for a connection that it had not declared. */
  connection_read: { connectionId: string };
}

export type EventType = keyof EventData;
