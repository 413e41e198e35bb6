import { errorMessage, TsflowError } from '@tsflow/core/errors';
import {
  type AttemptWork,
  attemptEnded,
  attemptLost,
  attemptStarted,
  type Changes,
  type InstanceWork,
  nameInstance,
} from '@tsflow/core/rules';
import type { OutcomeReport } from '../../executors/executor.ts';
import type { World } from '../held/world.ts';
import type { Report } from '../inbox/report.ts';
import { applyCallbackReport, callbackClaim } from './callback-reports.ts';
import { saveState } from './save-state.ts';

/** What the runners are to be told once the turn is committed. */
export interface ReportAnswers {
  readonly accept: ReportAnswer[];
  readonly fence: ReportAnswer[];
}

export interface ReportAnswer {
  readonly attemptId: number;
  readonly grantNumber: number;
  /** The DAG whose effects the answer stands for: it is sent only when those were written. Null: it stands for none. */
  readonly dagId: string | null;
}

/** Applies reports of runners to the working state. A report under an old grant is refused; a repeated one is accepted again. */
export async function applyReports(
  world: World,
  reports: readonly Report[],
  answers: ReportAnswers,
  changes: Changes,
): Promise<void> {
  for (const entry of reports) {
    const { attemptId, grantNumber } = entry.kind === 'group' ? entry : entry.report;
    const callback = world.held.callbacks.get(attemptId);
    if (callback !== undefined) {
      applyCallbackReport(world, callback, entry, answers, changes);
      continue;
    }
    const instance = world.held.instanceOf(attemptId);
    if (instance?.attempt?.attemptId !== attemptId) {
      await answerUnknown(world, entry, answers, changes.now);
    } else if (instance.attempt.grantNumber !== grantNumber) {
      refuse(instance, grantNumber, entry, answers, changes);
    } else if (entry.kind === 'saved') {
      await saveState(world, instance, entry.report);
    } else {
      try {
        apply(world, instance, entry, answers, changes);
      } catch (error) {
        throw new BrokenReportError(entry, error);
      }
    }
  }
}

/** A report made the turn fail: it must not do so again, nor keep the others from being heard. */
export class BrokenReportError extends TsflowError {
  readonly report: Report;

  constructor(report: Report, cause: unknown) {
    super('internal_error', `tsflow failed to take a report: ${errorMessage(cause)}.`, { cause });
    this.report = report;
  }
}

/** What becomes of a report that cannot be taken as it is: an outcome is a failure, since only that brings values of the author's. */
export function asFailure(report: Report, { name, message, code }: TsflowError): readonly Report[] {
  if (report.kind !== 'outcome') return [];
  const outcome = { kind: 'failed', error: { name, message, code }, retryable: false } as const;
  return [{ kind: 'outcome', report: { ...report.report, outcome, rendered: null } }];
}

function apply(
  world: World,
  instance: InstanceWork,
  entry: Exclude<Report, { kind: 'saved' }>,
  answers: ReportAnswers,
  changes: Changes,
): void {
  const attempt = instance.attempt!;
  if (isCallOver(attempt)) {
    if (entry.kind === 'outcome') answers.accept.push(answerTo(instance, entry.report));
    return;
  }
  switch (entry.kind) {
    case 'started':
      return attemptStarted(instance, entry.report, changes);
    case 'named':
      return nameInstance(instance, entry.report.renderedMapIndex, changes);
    case 'group':
      attempt.processGroups.push(entry.processGroup);
      changes.attempts.set(attempt, instance);
      return;
    case 'gone':
      attemptLost(instance, entry.report, world.config.infraRetries, changes);
      // It goes on while its `onKill` is owed.
      if (instance.attempt === null) world.held.forgetAttempt(attempt.attemptId);
      return;
    case 'outcome':
      return applyOutcome(world, instance, entry.report, answers, changes);
  }
}

function applyOutcome(
  world: World,
  instance: InstanceWork,
  report: OutcomeReport,
  answers: ReportAnswers,
  changes: Changes,
): void {
  const { attemptId, runnerId, host, pid, log } = report;
  if (instance.state === 'queued' || instance.attempt!.startDate === null) {
    attemptStarted(instance, { atMs: report.startedAtMs, runnerId, host, pid, log }, changes);
  }
  const { endedAtMs, outcome, rendered, renderedMapIndex } = report;
  if (renderedMapIndex !== undefined) nameInstance(instance, renderedMapIndex, changes);
  attemptEnded(instance, { endedAtMs, outcome, rendered, logEnd: log.end }, changes);
  answers.accept.push(answerTo(instance, report));
  if (instance.attempt === null) world.held.forgetAttempt(attemptId);
}

/**
 * Whether what this grant was for is done, and the attempt waits without a process: a report under the same grant is a repeat. It comes when
 * two schedulers had the outcome, one from its runner and one from the spool.
 */
function isCallOver({ state, waiting }: AttemptWork): boolean {
  return state === 'up_for_reschedule' || (state === 'deferred' && waiting?.deferral?.on.kind !== 'trigger');
}

function answerTo(
  { run }: InstanceWork,
  { attemptId, grantNumber }: Pick<OutcomeReport, 'attemptId' | 'grantNumber'>,
): ReportAnswer {
  return { attemptId, grantNumber, dagId: run.dag.dagId };
}

function refuse(
  instance: InstanceWork,
  grantNumber: number,
  entry: Report,
  answers: ReportAnswers,
  changes: Changes,
): void {
  const attempt = instance.attempt!;
  if (entry.kind !== 'started' && entry.kind !== 'outcome') return;
  answers.fence.push({ attemptId: attempt.attemptId, grantNumber, dagId: instance.run.dag.dagId });
  changes.event({
    type: 'report_refused',
    dagId: instance.run.dag.dagId,
    run: instance.run,
    instance,
    attemptId: attempt.attemptId,
    data: { grantNumber, newest: attempt.grantNumber },
  });
}

/**
 * Not active here: accepted before, fenced, or of a DAG that another scheduler holds by now, to whom an outcome goes on as an intent
 * (supervising a process and holding its DAG are separate duties).
 */
async function answerUnknown(
  world: World,
  entry: Report,
  answers: ReportAnswers,
  now: number,
): Promise<void> {
  const { attemptId, grantNumber } = entry.kind === 'group' ? entry : entry.report;
  const row = (await world.store.turns.attempt(attemptId)) ?? (await callbackClaim(world, attemptId));
  if (row === null || row.grantNumber !== grantNumber || row.state === 'lost') {
    answers.fence.push({ attemptId, grantNumber, dagId: null });
    return;
  }
  if (entry.kind !== 'outcome' && entry.kind !== 'gone') return;
  if (row.endDate === null) {
    await world.store.intents.submit({
      dagId: row.dagId,
      kind: 'report',
      payload: JSON.stringify(entry),
      actor: 'scheduler',
      requestedAt: now,
      idempotencyKey: `report:${entry.kind}:${attemptId}:${grantNumber}`,
    });
    await world.store.notify('tsflow_intent', row.dagId);
  }
  answers.accept.push({ attemptId, grantNumber, dagId: null });
}
