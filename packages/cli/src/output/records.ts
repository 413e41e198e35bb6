import type { Schemas } from '../door/api.ts';

/**
 * What `--json` prints: the members that REST gives, in the order in which a reader wants them.
 */
export function dagRecord(dag: Schemas['Dag']) {
  const newest = dag.lastRuns.at(-1);
  return {
    dagId: dag.dagId,
    description: dag.description,
    schedule: dag.schedule,
    timezone: dag.timezone,
    isPaused: dag.isPaused,
    isStale: dag.isStale,
    hasImportError: dag.hasImportError,
    nextRun: dag.nextRun,
    lastRun:
      newest === undefined
        ? null
        : { runId: newest.runId, state: newest.state, logicalDate: newest.logicalDate },
    tags: dag.tags,
    owner: dag.owner,
    file: dag.file,
    version: dag.version,
    versionNumber: dag.versionNumber,
  };
}

export function plannedRunRecord(run: Schemas['PlannedRun']) {
  return {
    runAfter: run.runAfter,
    logicalDate: run.logicalDate,
    dataInterval: run.dataInterval,
  };
}

export function runRecord(run: Schemas['Run']) {
  return {
    dagId: run.dagId,
    runId: run.runId,
    state: run.state,
    runType: run.runType,
    logicalDate: run.logicalDate,
    dataInterval: run.dataInterval,
    queuedAt: run.queuedAt,
    startDate: run.startDate,
    endDate: run.endDate,
    version: run.version,
    versionNumber: run.versionNumber,
    conf: run.conf,
    triggeredBy: run.triggeredBy,
    note: run.note,
    reason: run.reason,
    backfillKey: run.backfillKey,
    taskIds: run.taskIds,
    taskCounts: run.taskCounts,
  };
}

export function taskInstanceRecord(instance: Schemas['TaskInstance']) {
  return {
    dagId: instance.dagId,
    runId: instance.runId,
    taskId: instance.taskId,
    mapIndex: instance.mapIndex,
    mapPath: instance.mapPath,
    renderedMapIndex: instance.renderedMapIndex,
    state: instance.state,
    tryNumber: instance.tryNumber,
    infraNumber: instance.infraNumber,
    maxTries: instance.maxTries,
    operator: instance.operator,
    scheduledAt: instance.scheduledAt,
    queuedAt: instance.queuedAt,
    startDate: instance.startDate,
    endDate: instance.endDate,
    nextAt: instance.nextAt,
    reason: instance.reason,
    pool: instance.pool,
    attemptId: instance.attemptId,
  };
}

export function attemptRecord(attempt: Schemas['Attempt']) {
  return {
    attemptId: attempt.attemptId,
    tryNumber: attempt.tryNumber,
    infraNumber: attempt.infraNumber,
    state: attempt.state,
    version: attempt.version,
    queuedAt: attempt.queuedAt,
    startDate: attempt.startDate,
    endDate: attempt.endDate,
    host: attempt.host,
    pid: attempt.pid,
    error: attempt.error,
    groupTries: attempt.groupTries,
    rendered: attempt.rendered,
    conf: attempt.conf,
  };
}

/** How long something took, or has taken until now; null before it started. */
export function elapsedMs(
  of: { readonly startDate: string | null; readonly endDate: string | null },
  now: number,
): number | null {
  if (of.startDate === null) return null;
  return (of.endDate === null ? now : Date.parse(of.endDate)) - Date.parse(of.startDate);
}
