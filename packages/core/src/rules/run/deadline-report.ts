/** What became of one deadline of one run. Instants are milliseconds UTC. */
export interface DeadlineOutcome {
  readonly dagId: string;
  readonly name: string;
  /** Null: the run. */
  readonly taskId: string | null;
  readonly timezone: string;
  readonly dueAt: number;
  readonly state: 'waiting' | 'met' | 'missed';
  /** How long after the deadline it was done; negative: before it. Null: it was never done, or nobody knows any more. */
  readonly latenessMs: number | null;
}

export const REPORT_PERIODS = ['day', 'week', 'month', 'all'] as const;
export type ReportPeriod = (typeof REPORT_PERIODS)[number];

/** A deadline over one period: how often it was kept, and by how much. */
export interface DeadlineRow {
  readonly dagId: string;
  readonly name: string;
  readonly taskId: string | null;
  /** First day of the period in the DAG's zone, `YYYY-MM-DD`; weeks begin on Monday. Null: the whole stretch. */
  readonly period: string | null;
  readonly met: number;
  readonly missed: number;
  /** Those that were never done. Part of `missed`. */
  readonly neverDone: number;
  /** From 0 to 1. */
  readonly metShare: number;
  /** Lateness in ms: half, nine of ten, and all were done by then; negative is before the deadline. Null: nothing was done. */
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly maxMs: number | null;
}

/** What is known of one deadline of a run when it is looked at. */
export interface DeadlineFacts {
  readonly dueAt: number;
  /** When what it is about was done well; null: it is not. */
  readonly doneAt: number | null;
  /** Somebody was told that it passed. */
  readonly wasMissed: boolean;
  readonly isRunOver: boolean;
  /** The run was cleared: what was done may have been done before. */
  readonly wasCleared: boolean;
}

/** Whether a deadline was kept, and by how much. A run that failed in time has not kept it. */
export function deadlineOutcome(
  { dueAt, doneAt, wasMissed, isRunOver, wasCleared }: DeadlineFacts,
  now: number,
): Pick<DeadlineOutcome, 'state' | 'latenessMs'> {
  const latenessMs = doneAt === null ? null : doneAt - dueAt;
  if (wasMissed) return { state: 'missed', latenessMs };
  if (latenessMs !== null) {
    if (latenessMs <= 0) return { state: 'met', latenessMs };
    // Nobody was told, so it was there in time, and was made again later.
    return wasCleared ? { state: 'met', latenessMs: null } : { state: 'missed', latenessMs };
  }
  return { state: isRunOver || dueAt <= now ? 'missed' : 'waiting', latenessMs: null };
}

/** Deadlines by period, in the order of DAG, name and time. What still waits is not in it. */
export function deadlineReport(
  outcomes: readonly DeadlineOutcome[],
  by: ReportPeriod,
  dayOf: (instant: number, timezone: string) => string,
): readonly DeadlineRow[] {
  const groups = new Map<string, DeadlineOutcome[]>();
  const periodOf = ({ dueAt, timezone }: DeadlineOutcome) => firstDay(dayOf(dueAt, timezone), by);
  for (const outcome of outcomes) {
    if (outcome.state === 'waiting') continue;
    const key = JSON.stringify([outcome.dagId, outcome.name, periodOf(outcome)]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [outcome]);
    else known.push(outcome);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => {
      const { dagId, name, taskId } = group[0]!;
      const met = group.filter(({ state }) => state === 'met').length;
      const lateness = group.flatMap(({ latenessMs }) => latenessMs ?? []).sort((a, b) => a - b);
      const at = (share: number) => lateness[Math.max(0, Math.ceil(share * lateness.length) - 1)] ?? null;
      return {
        dagId,
        name,
        taskId,
        period: periodOf(group[0]!),
        met,
        missed: group.length - met,
        neverDone: group.filter(({ state, latenessMs }) => state === 'missed' && latenessMs === null).length,
        metShare: met / group.length,
        p50Ms: at(0.5),
        p90Ms: at(0.9),
        maxMs: at(1),
      };
    });
}

const DAY_MS = 86_400_000;

function firstDay(day: string, by: ReportPeriod): string | null {
  if (by === 'all') return null;
  if (by === 'day') return day;
  if (by === 'month') return `${day.slice(0, 7)}-01`;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const sinceMonday = (new Date(midnight).getUTCDay() + 6) % 7;
  return new Date(midnight - sinceMonday * DAY_MS).toISOString().slice(0, 10);
}
