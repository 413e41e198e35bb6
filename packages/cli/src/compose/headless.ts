import type { Config } from '@tsflow/core/config';
import type { Store } from '@tsflow/core/store';
import { readDagsOnce } from './dag-reading.ts';
import { createProcessLogger } from './process-logger.ts';
import { composeScheduler } from './scheduler.ts';

/** A scheduler inside one command. */
export interface Headless {
  /** Waits for running tasks, then stops. */
  stop(): Promise<void>;
  /** Rejects when the scheduler can go on no longer. */
  readonly failed: Promise<never>;
}

/**
 * Starts a scheduler inside this process, for one DAG alone and without ticks, after the dags folder was read once: what a
 * command needs that has work to do and finds no scheduler. Only warnings are printed. Throws `ConflictError` when another one has come.
 */
export async function startHeadless(config: Config, store: Store, dagId: string): Promise<Headless> {
  const logger = createProcessLogger({ level: 'warn', json: false, stream: process.stderr });
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  await readDagsOnce(config, store);
  const scheduler = await composeScheduler(
    { config, store, logger, fail: (error) => fail(error) },
    { onlyDags: [dagId], ticks: false },
  );
  try {
    await scheduler.start();
  } catch (error) {
    await logger.close();
    throw error;
  }
  return {
    failed,
    async stop() {
      await scheduler.stop();
      await logger.close();
    },
  };
}
