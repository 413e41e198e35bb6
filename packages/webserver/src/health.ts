import { infoOfSchedulers } from '@tsflow/core/queries';
import type { RequestHandler } from 'express';
import type { z } from 'zod';
import type { healthSchema } from './schemas/installation.ts';
import type { WebServices } from './web-services.ts';

/** Whether the installation works, for load balancers: open to everybody, and says nothing that is not in its name. */
export function health(services: Pick<WebServices, 'store' | 'clock' | 'config' | 'logger'>): RequestHandler {
  return async (_request, response) => {
    const body = await examine(services);
    response.set('Cache-Control', 'no-store');
    response.status(body.status === 'ok' ? 200 : 503).json(body);
  };
}

async function examine({
  store,
  clock,
  config,
  logger,
}: Pick<WebServices, 'store' | 'clock' | 'config' | 'logger'>): Promise<z.input<typeof healthSchema>> {
  try {
    const schedulers = await infoOfSchedulers(store, { now: clock.now() });
    const ages = schedulers.map(({ beatAgeMs }) => beatAgeMs);
    const beatAgeMs = ages.length === 0 ? null : Math.min(...ages);
    const isAlive = beatAgeMs !== null && beatAgeMs < config.leaseMs;
    return {
      status: isAlive ? 'ok' : 'degraded',
      scheduler: { status: isAlive ? 'ok' : 'down', beatAgeMs },
      database: { status: 'ok' },
    };
  } catch (error) {
    logger.error('The database does not answer.', { error });
    return {
      status: 'degraded',
      scheduler: { status: 'down', beatAgeMs: null },
      database: { status: 'down' },
    };
  }
}
