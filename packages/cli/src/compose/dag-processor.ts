import { DagProcessor } from '@tsflow/scheduler/dag-processor';
import type { ProcessDeps, ProcessPart } from './process-life.ts';

/** The dag processor: keeps the database in step with the dags folder. */
export async function composeDagProcessor({ config, store, logger }: ProcessDeps): Promise<ProcessPart> {
  return new DagProcessor({
    store,
    folder: config.dags,
    home: config.home,
    limits: { timeoutMs: config.parseTimeoutMs, memoryMb: config.parseMemoryMb },
    logger,
  });
}
