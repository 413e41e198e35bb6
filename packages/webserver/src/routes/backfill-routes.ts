import { limitOf } from '@tsflow/core/config';
import { defined } from '@tsflow/core/defined';
import { getBackfill, getDag, listBackfills } from '@tsflow/core/queries';
import { backfillPreview, type EnsureHorizonOptions, ensureHorizon } from '@tsflow/core/store';
import { parseInstant, parseRangeEnd } from '@tsflow/core/timetables';
import {
  backfillActionPath,
  backfillBody,
  backfillJson,
  backfillPath,
  backfillPreviewSchema,
  backfillSchema,
  backfillsQuery,
} from '../schemas/backfill.ts';
import { pageJson, pageOf } from '../schemas/page.ts';
import { dagPath } from '../schemas/path.ts';
import type { ApiServices } from '../web-services.ts';
import { ask, waitsForScheduler } from './ask.ts';
import { type Content, json, type Route, route } from './route.ts';

export const backfillRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/backfills',
    summary: 'Lists backfills with their progress',
    access: 'Viewer',
    query: backfillsQuery,
    answer: { status: 200, description: 'A page, newest first.', schema: pageOf(backfillSchema) },
    async handle({ query }, { store }) {
      return json(pageOf(backfillSchema), pageJson(await listBackfills(store, query), backfillJson));
    },
  }),
  route({
    method: 'get',
    path: '/backfills/{key}',
    summary: 'A backfill with its progress',
    access: 'Viewer',
    params: backfillPath,
    answer: { status: 200, description: 'The backfill.', schema: backfillSchema },
    handle({ params: { key } }, services) {
      return backfillReply(services, key);
    },
  }),
  route({
    method: 'post',
    path: '/dags/{dagId}/backfills',
    summary: 'Starts a backfill, or the same one again; or says what it would do',
    takesIdempotencyKey: true,
    access: 'Operator',
    params: dagPath,
    body: backfillBody,
    answer: { status: 201, description: 'The backfill.', schema: backfillSchema },
    otherAnswers: [
      { status: 200, description: 'Of a dry run: what it would do.', schema: backfillPreviewSchema },
      waitsForScheduler,
    ],
    async handle({ params: { dagId }, body, caller, idempotencyKey }, services) {
      const { dryRun, ...options } = body;
      const { timezone, maxActiveRuns } = await getDag(services.store, { dagId });
      const payload = {
        ...defined(options),
        conf: options.conf ?? {},
        // A limit of 0 pauses the schedule; a backfill asked for by hand still has one run at a time.
        maxActiveRuns: limitOf(options.maxActiveRuns ?? Math.max(1, maxActiveRuns ?? 1), 'maxActiveRuns', 1),
        start: parseInstant(options.start, timezone, 'start').toISOString(),
        end: parseRangeEnd(options.end, timezone, 'end').toISOString(),
      };
      if (dryRun === true) {
        const { taskIds, ...plan } = await backfillPreview(
          services.store,
          dagId,
          payload,
          horizonOptions(services),
        );
        return json(backfillPreviewSchema, { ...plan, taskIds: taskIds === null ? null : [...taskIds] });
      }
      const range = { from: Date.parse(payload.start), until: Date.parse(payload.end) };
      await ensureHorizon(services.store, dagId, range, horizonOptions(services));
      const intent = { kind: 'backfill', payload } as const;
      const asked = { dagId, intent, caller, idempotencyKey };
      return ask(services, asked, (result) => backfillReply(services, result.backfillKey, 201));
    },
  }),
  route({
    method: 'post',
    path: '/backfills/{key}/{action}',
    summary: 'Pauses, resumes or cancels a backfill',
    access: 'Operator',
    params: backfillActionPath,
    answer: { status: 200, description: 'The backfill.', schema: backfillSchema },
    otherAnswers: [waitsForScheduler],
    async handle({ params: { key, action }, caller }, services) {
      const { dagId } = await getBackfill(services.store, { key });
      const intent = { kind: 'control_backfill', payload: { backfillKey: key, action } } as const;
      return ask(services, { dagId, intent, caller }, () => backfillReply(services, key));
    },
  }),
];

/** The runs of a custom timetable are worked out by the dag processor, or by a command that finds none. */
function horizonOptions({ clock, readDags }: ApiServices): EnsureHorizonOptions {
  return { clock, ...(readDags === undefined ? {} : { readDags }) };
}

async function backfillReply({ store }: ApiServices, key: number, status = 200): Promise<Content> {
  return json(backfillSchema, backfillJson(await getBackfill(store, { key })), status);
}
