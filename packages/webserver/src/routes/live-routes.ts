import { z } from 'zod';
import { EventStream } from '../live/event-stream.ts';
import { httpRoute, type Route } from './route.ts';

const liveQuery = z.strictObject({
  dagId: z.string().optional(),
  runId: z.string().optional(),
  cursor: z.string().max(200).optional().describe('Of the newest message; Last-Event-ID goes before it.'),
});

export const liveRoutes: readonly Route[] = [
  httpRoute({
    method: 'get',
    path: '/live',
    summary: 'Changes as they happen: events `hello`, `changes` and `refetch`',
    access: 'Viewer',
    query: liveQuery,
    answer: { status: 200, description: 'Server-sent events.', mediaType: 'text/event-stream' },
    async handle({ query }, { live }) {
      live.assertRoom();
      return {
        async stream(request, response) {
          const cursor = request.get('Last-Event-ID') ?? query.cursor ?? null;
          const { dagId, runId } = query;
          await live.watch(new EventStream(response), request, { dagId, runId }, cursor);
        },
      };
    },
  }),
];
