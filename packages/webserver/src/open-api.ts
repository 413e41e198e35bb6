import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Answer, Route } from './routes/route.ts';
import { MAX_KEY_LENGTH } from './routes/route-input.ts';

type Document = ReturnType<OpenApiGeneratorV31['generateDocument']>;

const errorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      requestId: z.string(),
      facts: z.record(z.string(), z.unknown()).optional(),
    }),
  })
  .meta({ id: 'Error' });

const idempotencyHeader = z.object({
  'Idempotency-Key': z.string().max(MAX_KEY_LENGTH).optional().meta({
    description: 'A name for this request: the same again is answered with what the first one did.',
  }),
});

/** The OpenAPI document of a table of routes: made of the same schemas that requests are checked against. */
export function openApiDocument(routes: readonly Route[], version: string): Document {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'tsflow_session_<port>',
  });
  registry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  for (const route of routes) {
    registry.registerPath({
      method: route.method,
      path: route.path,
      operationId: operationId(route),
      tags: [route.path.split('/')[1]!],
      summary: route.summary,
      ...(route.access === 'open' ? { security: [] } : { description: `Takes the role ${route.access}.` }),
      request: {
        ...(route.params === undefined ? {} : { params: route.params }),
        ...(route.query === undefined ? {} : { query: route.query }),
        ...(route.takesIdempotencyKey ? { headers: idempotencyHeader } : {}),
        ...(route.body === undefined
          ? {}
          : { body: { required: true, content: { 'application/json': { schema: route.body } } } }),
      },
      responses: {
        ...Object.fromEntries([route.answer, ...(route.otherAnswers ?? [])].map(response)),
        default: {
          description: 'What went wrong.',
          content: { 'application/json': { schema: errorSchema } },
        },
      },
    });
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'tsflow',
      version,
      description: 'Instants are ISO 8601 UTC, durations milliseconds. Lists: `items`, `nextCursor`.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ session: [] }, { token: [] }],
  });
}

function response(answer: Answer) {
  const { status, description, schema, mediaType } = answer;
  const content =
    schema !== undefined
      ? { content: { 'application/json': { schema } } }
      : mediaType !== undefined
        ? { content: { [mediaType]: { schema: z.string() } } }
        : {};
  return [String(status), { description, ...content }] as const;
}

/** `get /dags/{dagId}/runs` -> `getDagsDagIdRuns`: stable, because generated clients name their functions by it. */
function operationId(route: Route): string {
  const words = route.path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return route.method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}
