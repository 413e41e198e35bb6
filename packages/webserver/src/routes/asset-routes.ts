import { getAsset, listAssets, listRunAssetEvents } from '@tsflow/core/queries';
import { postAssetEvent } from '@tsflow/core/store';
import {
  assetDetailsJson,
  assetDetailsSchema,
  assetEventJson,
  assetEventSchema,
  assetJson,
  assetPath,
  assetQuery,
  assetSchema,
  postEventBody,
  postedEventSchema,
} from '../schemas/asset.ts';
import { listJson, listOf } from '../schemas/page.ts';
import { runPath } from '../schemas/path.ts';
import { json, type Route, route } from './route.ts';

export const assetRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/assets',
    summary: 'Lists assets with who updates them, who is scheduled on them, and which are stale',
    access: 'Viewer',
    answer: { status: 200, description: 'By name.', schema: listOf(assetSchema) },
    async handle(_input, { store, clock }) {
      return json(listOf(assetSchema), listJson(await listAssets(store, clock.now()), assetJson));
    },
  }),
  route({
    method: 'get',
    path: '/assets/{name}',
    summary: 'An asset with its newest events and the runs that they made',
    access: 'Viewer',
    params: assetPath,
    query: assetQuery,
    answer: { status: 200, description: 'The asset.', schema: assetDetailsSchema },
    async handle({ params, query }, { store, clock }) {
      const asset = await getAsset(store, { ...query, ...params }, clock.now());
      return json(assetDetailsSchema, assetDetailsJson(asset));
    },
  }),
  route({
    method: 'post',
    path: '/assets/{name}/events',
    summary: 'Posts an event of an asset; a repeated Idempotency-Key is answered with the first one',
    takesIdempotencyKey: true,
    access: 'Operator',
    params: assetPath,
    body: postEventBody,
    answer: { status: 201, description: 'What became of it.', schema: postedEventSchema },
    async handle({ params, body, caller, idempotencyKey }, { store, clock }) {
      const posted = await postAssetEvent(
        store,
        {
          asset: params.name,
          extra: body.extra ?? {},
          partition: body.partition ?? null,
          actor: caller.name,
          at: clock.now(),
          idempotencyKey: idempotencyKey ?? null,
        },
        { clock },
      );
      const consumers = posted.consumers.map((consumer) => ({ ...consumer }));
      return json(postedEventSchema, { ...posted, eventId: String(posted.eventId), consumers }, 201);
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/asset-events',
    summary: 'The events of assets that made a run',
    access: 'Viewer',
    params: runPath,
    answer: { status: 200, description: 'Oldest first.', schema: listOf(assetEventSchema) },
    async handle({ params }, { store }) {
      return json(
        listOf(assetEventSchema),
        listJson(await listRunAssetEvents(store, params), assetEventJson),
      );
    },
  }),
];
