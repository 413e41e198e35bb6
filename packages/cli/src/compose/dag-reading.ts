import type { Config } from '@tsflow/core/config';
import type { Store } from '@tsflow/core/store';
import { DagProcessor } from '@tsflow/scheduler/dag-processor';

/** The dag processor of an installation. */
export function dagProcessorOf(
  config: Config,
  store: Store,
  options: Pick<ConstructorParameters<typeof DagProcessor>[0], 'logger' | 'onEvent'> = {},
): DagProcessor {
  return new DagProcessor({
    store,
    folder: config.dags,
    home: config.home,
    maxMapLength: config.maxMapLength,
    limits: { timeoutMs: config.parseTimeoutMs, memoryMb: config.parseMemoryMb },
    ...options,
  });
}

/** Brings the database in step with the dags folder, once. */
export async function readDagsOnce(config: Config, store: Store): Promise<void> {
  let idle: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    idle = resolve;
  });
  await using processor = dagProcessorOf(config, store, {
    onEvent: (event) => {
      if (event.type === 'idle') idle();
    },
  });
  await processor.start();
  await done;
}
