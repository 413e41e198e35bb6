import { createHash } from 'node:crypto';
import { instanceName } from '../state/index.ts';

/** What an installation tells of without a line in any DAG. */
export const ALERT_KINDS = [
  'task_failure',
  'task_retry',
  'run_failure',
  'run_recovered',
  'deadline_missed',
  'overdue',
  'anomalous_duration',
  'asset_stale',
  'import_error',
  'scheduler_down',
] as const;

export type AlertKind = (typeof ALERT_KINDS)[number];

/** Told of unless a rule says otherwise: slower than usual is not failed, and what a retry mended pages nobody. */
export const DEFAULT_ALERTS: readonly AlertKind[] = [
  'task_failure',
  'run_recovered',
  'deadline_missed',
  'asset_stale',
  'import_error',
  'scheduler_down',
];

/** Who is told of what: one entry of the setting `alerts`. */
export interface AlertRule {
  readonly to: 'slack' | 'webhook' | 'email';
  /** Default `slack_default`, `smtp_default`; a webhook needs one. */
  readonly connectionId?: string | undefined;
  /** Of Slack. */
  readonly channel?: string | undefined;
  /** Addresses, of email. */
  readonly mailTo?: readonly string[] | undefined;
  /** Default: {@link DEFAULT_ALERTS}. */
  readonly on?: readonly AlertKind[] | undefined;
  /** Ids of DAGs; `*` at the end stands for anything. Default: all, and what belongs to no DAG. */
  readonly dags?: readonly string[] | undefined;
}

/** Something that somebody is to be told of. */
export interface Alert {
  /** The same whoever notices it. */
  readonly id: string;
  readonly kind: AlertKind;
  readonly title: string;
  readonly text: string;
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly taskId: string | null;
  /** Which instance of a mapped task; empty: the task is not mapped, or it is about no task. */
  readonly mapPath: string;
  readonly url: string | null;
}

/** What an alert is about, in words: `etl`, `etl.load`, or `etl.load [3: tokyo]` of a mapped task. */
export function alertSubject(about: {
  readonly dagId: string;
  readonly taskId: string | null;
  readonly mapPath: string;
  readonly renderedMapIndex: string | null;
}): string {
  const { dagId, taskId, mapPath, renderedMapIndex } = about;
  return taskId === null ? dagId : `${dagId}.${instanceName(taskId, mapPath, renderedMapIndex)}`;
}

/** What is kept of an alert until it is delivered: what is said, and to whom. */
export interface AlertDelivery extends Alert {
  readonly rule: AlertRule;
}

/** Whether anybody wants to know of something of this kind: what it takes to notice it is done for nobody else. */
export const isWanted = (rules: readonly AlertRule[], kind: AlertKind): boolean =>
  rules.some(({ on = DEFAULT_ALERTS }) => on.includes(kind));

/**
 * One row of the outbox for everybody whom a rule wants to be told. They are named after who is told, not after the rule: it may get another
 * place among the rules, and what was told before is not told again for that.
 */
export function alertRows(rules: readonly AlertRule[], alert: Alert, now: number) {
  const told = new Map(rules.filter((rule) => wants(rule, alert)).map((rule) => [receiverOf(rule), rule]));
  return [...told].map(([receiver, rule]) => ({
    id: `${alert.id}@${receiver}`,
    kind: alert.kind as string,
    facts: JSON.stringify({ ...alert, rule } satisfies AlertDelivery),
    state: 'pending',
    tries: 0,
    nextAt: now,
    createdAt: now,
  }));
}

/** `slack`, or with what else says who it is in short: addresses may be many. */
function receiverOf({ to, connectionId, channel, mailTo }: AlertRule): string {
  if (connectionId === undefined && channel === undefined && mailTo === undefined) return to;
  const where = JSON.stringify([connectionId ?? null, channel ?? null, mailTo ?? null]);
  return `${to}-${createHash('sha256').update(where).digest('hex').slice(0, 8)}`;
}

function wants({ on = DEFAULT_ALERTS, dags }: AlertRule, { kind, dagId }: Alert): boolean {
  if (!on.includes(kind)) return false;
  if (dags === undefined) return true;
  return (
    dagId !== null &&
    dags.some((dag) => (dag.endsWith('*') ? dagId.startsWith(dag.slice(0, -1)) : dag === dagId))
  );
}
