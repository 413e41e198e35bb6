import type { DagRunPort } from '@tsflow/core/dag';
import { InvalidInputError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import type { AttemptPorts } from './task-context.ts';
import { xcomValue } from './xcom-value.ts';

/** A run as it crosses the task API, instants in ms since 1970. */
export interface ToldRun {
  readonly runId: string;
  readonly logicalDate: number;
  readonly start: number;
  readonly end: number;
}

/** Runs of other DAGs that an attempt asks for: the first is its call 0, so that the next attempt finds what this one made. */
export function dagRunPort(ports: AttemptPorts): DagRunPort {
  let calls = 0;
  return {
    async trigger(dag, { conf = {}, logicalDate } = {}) {
      const dagId = typeof dag === 'string' ? dag : dag.dagId;
      const json = xcomValue('conf', conf);
      if (typeof json !== 'object' || json === null || Array.isArray(json))
        throw new InvalidInputError('dagRuns.trigger: conf expects a JSON object.');
      const at = logicalDate === undefined ? null : new Date(logicalDate);
      if (at !== null && Number.isNaN(at.getTime()))
        throw new InvalidInputError(
          `dagRuns.trigger: logicalDate expects an instant, got ${String(logicalDate)}.`,
        );
      const answer = await ports.ask({
        verb: 'trigger_run',
        dagId,
        conf: json as JsonObject,
        logicalDate: at?.toISOString() ?? null,
        call: calls++,
      });
      return { dagId, runId: (answer as { runId: string }).runId };
    },
    async previousSuccess() {
      const run = (await ports.ask({ verb: 'previous_success' })) as unknown as ToldRun | null;
      if (run === null) return null;
      const { runId, logicalDate, start, end } = run;
      return {
        runId,
        logicalDate: new Date(logicalDate),
        dataInterval: { start: new Date(start), end: new Date(end) },
      };
    },
  };
}
