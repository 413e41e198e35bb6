import { InvalidInputError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import {
  type Changes,
  chosenTasks,
  createRun,
  type DagWorkState,
  type RunWork,
  runIdOf,
} from '../rules/index.ts';
import { RUN_TYPES } from '../state/index.ts';
import type { DataInterval } from '../timetables/index.ts';
import type { TriggerPayload } from './intent.ts';

/** What a trigger needs that is not in the DAG's state. */
export interface TriggerPorts {
  readonly key: number;
  /** Short random text, so that two triggers of one millisecond coexist. */
  readonly random: string;
  /** Validated, with the defaults of the params filled in. */
  readonly conf: JsonObject;
  manualInterval(runAfter: Date): DataInterval;
}

/**
 * A run that a person, or another program, asked for. Throws {@link InvalidInputError} for a date or an id that is none, and `NotFoundError`
 * for an end that the DAG does not have.
 */
export function applyTrigger(
  dag: DagWorkState,
  payload: TriggerPayload,
  ports: TriggerPorts,
  actor: string,
  changes: Changes,
): RunWork {
  const logicalDate = payload.logicalDate === undefined ? changes.now : Date.parse(payload.logicalDate);
  if (Number.isNaN(logicalDate)) {
    throw new InvalidInputError(`logicalDate: expected an ISO 8601 instant, got "${payload.logicalDate}".`);
  }
  return createRun(
    dag,
    {
      runId:
        payload.runId === undefined
          ? `${runIdOf('manual', changes.now)}_${ports.random}`
          : checkedRunId(payload.runId),
      runType: 'manual',
      slot: null,
      logicalDate,
      dataInterval: ports.manualInterval(new Date(logicalDate)),
      conf: ports.conf,
      backfillKey: null,
      note: payload.note ?? null,
      taskIds: payload.upTo === undefined ? null : chosenTasks(dag.graph, { upTo: payload.upTo }),
    },
    ports.key,
    actor,
    changes,
  );
}

/** Ids that people choose must not look like the ones that tsflow gives, and never hold control characters or slashes. */
function checkedRunId(runId: string): string {
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_.:+-]{0,249}$/u.test(runId)) {
    throw new InvalidInputError(
      `runId: expected 1 to 250 letters, digits, "_", ".", ":", "+" or "-", got ${JSON.stringify(runId)}.`,
    );
  }
  const type = RUN_TYPES.find((prefix) => runId.startsWith(`${prefix}__`));
  if (type !== undefined)
    throw new InvalidInputError(`runId: ids that begin with "${type}__" are given by tsflow.`);
  return runId;
}
