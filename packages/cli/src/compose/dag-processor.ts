import { dagProcessorOf } from './dag-reading.ts';
import type { ProcessDeps, ProcessPart } from './process-life.ts';

/** The dag processor: keeps the database in step with the dags folder. */
export async function composeDagProcessor({ config, store, logger }: ProcessDeps): Promise<ProcessPart> {
  return dagProcessorOf(config, store, { logger });
}
