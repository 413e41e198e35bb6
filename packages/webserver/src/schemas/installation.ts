import type { ImportError, Timeline } from '@tsflow/core/queries';
import { z } from 'zod';
import { instant, instantParameter, iso } from './instant.ts';
import { runBarJson, runBarSchema } from './run.ts';

const slots = z.object({ limit: z.number().int(), used: z.number().int() });

export const infoSchema = z
  .object({
    version: z.string(),
    schedulers: z.array(
      z.object({
        id: z.string(),
        host: z.string(),
        pid: z.number().int(),
        beatAgeMs: z.number(),
        lastTurnMs: z.number().nullable(),
        dags: z.number().int(),
      }),
    ),
    dagsFolder: z.string(),
    database: z.enum(['sqlite', 'postgres']),
    parallelism: slots,
    now: instant,
  })
  .meta({ id: 'Info' });

export const healthSchema = z
  .object({
    status: z.enum(['ok', 'degraded']),
    scheduler: z.object({ status: z.enum(['ok', 'down']), beatAgeMs: z.number().nullable() }),
    database: z.object({ status: z.enum(['ok', 'down']) }),
  })
  .meta({ id: 'Health' });

export const importErrorSchema = z
  .object({
    file: z.string(),
    kind: z.string(),
    message: z.string(),
    line: z.number().int().nullable(),
    column: z.number().int().nullable(),
    codeFrame: z.string().nullable(),
    since: instant,
    seenAt: instant,
    lastGoodVersion: z.string().nullable(),
    lastGood: z.array(z.object({ dagId: z.string(), version: z.string(), number: z.number().int() })),
  })
  .meta({ id: 'ImportError' });

export function importErrorJson(error: ImportError): z.input<typeof importErrorSchema> {
  return {
    ...error,
    since: iso(error.since),
    seenAt: iso(error.seenAt),
    lastGoodVersion: error.lastGood[0]?.version ?? null,
    lastGood: [...error.lastGood],
  };
}

export const timelineQuery = z.strictObject({ from: instantParameter, to: instantParameter });

export const timelineSchema = z
  .object({
    dags: z.array(z.object({ dagId: z.string(), runs: z.array(runBarSchema), planned: z.array(instant) })),
    slots,
    isCut: z.boolean().describe('The window holds more runs than are shown.'),
  })
  .meta({ id: 'Timeline' });

export function timelineJson(timeline: Timeline): z.input<typeof timelineSchema> {
  return {
    dags: timeline.dags.map((dag) => ({
      dagId: dag.dagId,
      runs: dag.runs.map(runBarJson),
      planned: dag.planned.map(iso),
    })),
    slots: timeline.slots,
    isCut: timeline.isCut,
  };
}
