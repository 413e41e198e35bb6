import type { Attempt, DagSummary, PlannedRun, RunSummary, TaskInstance } from '@tsflow/core/queries';

/**
 * What `--json` prints: the store's own words, instants as ISO 8601 UTC, in the order in which a reader wants them. REST
 * gives the same members.
 */
export function dagRecord(dag: DagSummary) {
  const newest = dag.lastRuns.at(-1);
  return {
    dagId: dag.dagId,
    description: dag.description,
    schedule: dag.schedule,
    timezone: dag.timezone,
    isPaused: dag.isPaused,
    isStale: dag.isStale,
    hasImportError: dag.hasImportError,
    nextRun:
      dag.nextRun === null
        ? null
        : { logicalDate: iso(dag.nextRun.logicalDate), runAfter: iso(dag.nextRun.runAfter) },
    lastRun:
      newest === undefined
        ? null
        : { runId: newest.runId, state: newest.state, logicalDate: iso(newest.logicalDate) },
    tags: dag.tags,
    owner: dag.owner,
    file: dag.file,
    version: dag.version,
    versionNumber: dag.versionNumber,
  };
}

export function plannedRunRecord(run: PlannedRun) {
  return {
    runAfter: iso(run.runAfter),
    logicalDate: iso(run.logicalDate),
    dataInterval: { start: iso(run.dataInterval.start), end: iso(run.dataInterval.end) },
  };
}

export function runRecord(run: RunSummary) {
  return {
    dagId: run.dagId,
    runId: run.runId,
    state: run.state,
    runType: run.runType,
    logicalDate: iso(run.logicalDate),
    dataInterval: { start: iso(run.dataInterval.start), end: iso(run.dataInterval.end) },
    queuedAt: iso(run.queuedAt),
    startDate: iso(run.startDate),
    endDate: iso(run.endDate),
    version: run.version,
    versionNumber: run.versionNumber,
    conf: run.conf,
    triggeredBy: run.triggeredBy,
    note: run.note,
    reason: run.reason,
    backfillKey: run.backfillKey,
    taskCounts: run.taskCounts,
  };
}

export function taskInstanceRecord(instance: TaskInstance) {
  return {
    dagId: instance.dagId,
    runId: instance.runId,
    taskId: instance.taskId,
    mapIndex: instance.mapIndex,
    mapPath: instance.mapPath,
    state: instance.state,
    tryNumber: instance.tryNumber,
    infraNumber: instance.infraNumber,
    maxTries: instance.maxTries,
    operator: instance.operator,
    scheduledAt: iso(instance.scheduledAt),
    queuedAt: iso(instance.queuedAt),
    startDate: iso(instance.startDate),
    endDate: iso(instance.endDate),
    nextAt: iso(instance.nextAt),
    reason: instance.reason,
    pool: instance.pool,
    attemptId: instance.attemptId,
  };
}

export function attemptRecord(attempt: Attempt) {
  return {
    attemptId: attempt.attemptId,
    tryNumber: attempt.tryNumber,
    infraNumber: attempt.infraNumber,
    state: attempt.state,
    version: attempt.version,
    queuedAt: iso(attempt.queuedAt),
    startDate: iso(attempt.startDate),
    endDate: iso(attempt.endDate),
    host: attempt.host,
    pid: attempt.pid,
    error: attempt.error,
    rendered: attempt.rendered,
    conf: attempt.conf,
  };
}

/** How long something took, or has taken until now; null before it started. */
export function elapsedMs(
  of: { readonly startDate: number | null; readonly endDate: number | null },
  now: number,
): number | null {
  return of.startDate === null ? null : (of.endDate ?? now) - of.startDate;
}

function iso(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}
