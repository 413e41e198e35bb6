import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import type { SerializedDag } from '@tsflow/core/serialization';
import { openStore, type Store } from '@tsflow/core/store';
import { ensureVersionDirectory, nearestNodeModules } from '@tsflow/scheduler/executors';
import { InlineExecutor } from '@tsflow/scheduler/executors/inline';
import { Scheduler } from '@tsflow/scheduler/loop';
import { readDagsOnce } from './dag-reading.ts';
import { createProcessLogger } from './process-logger.ts';

/** A place where one DAG runs in this very process, with a database in memory. */
export interface DagTestRun extends AsyncDisposable {
  readonly store: Store;
  /** Folder of the attempts' logs. */
  readonly logs: string;
  /** Rejects when the scheduler can go on no longer. */
  readonly failed: Promise<never>;
  start(dag: SerializedDag, version: string): Promise<void>;
  /** Lets the time pass until `instant`, for which a retry would have to wait. */
  skipTo(instant: number): void;
}

/** Reads the dags folder into a database in memory, with the Variables of the project. Everything of it is deleted at the end. */
export async function prepareTestRun(config: Config, project: Store | null): Promise<DagTestRun> {
  // Inside the project: the packages of DAG files resolve from there.
  await mkdir(join(config.home, 'test'), { recursive: true, mode: 0o700 });
  const home = await mkdtemp(join(config.home, 'test', 'run-'));
  const store = await openStore('sqlite::memory:');
  await store.migrate();
  for (const { key, value } of (await project?.variables.list()) ?? []) {
    await store.variables.set({ key, value, actor: 'test', at: Date.now() });
  }
  await readDagsOnce({ ...config, home }, store);

  const logger = createProcessLogger({ level: 'warn', json: false, stream: process.stderr });
  const clock = new SkippingClock();
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  let scheduler: Scheduler | null = null;
  return {
    store,
    logs: join(home, 'logs'),
    failed,
    async start(dag, version) {
      const row = await store.catalog.version(version);
      // One task after the other: a pool has nothing to limit here, and one that nobody made would hold its tasks back for ever.
      for (const name of new Set(dag.tasks.map(({ pool }) => pool)))
        await store.pools.set({ name, slots: -1, actor: 'test', at: Date.now() });
      await ensureVersionDirectory(home, row!.bundle, () => store.catalog.versionFiles(row!.bundle), {
        nodeModules: nearestNodeModules(config.dags),
      });
      scheduler = new Scheduler({
        store,
        // Its lease is judged by a clock that jumps, and nobody else is there to take it.
        config: { ...config, home, heartbeatMs: 50 },
        logger,
        clock,
        ticks: false,
        onlyDags: [dag.dagId],
        executor: (events) =>
          new InlineExecutor({ events, home, clock, concurrency: 1, killGraceMs: config.killGraceMs }),
      });
      scheduler.onFatal = (error) => fail(error);
      await scheduler.start();
    },
    skipTo(instant) {
      clock.skipTo(instant);
      scheduler?.ping('intents');
    },
    async [Symbol.asyncDispose]() {
      await scheduler?.stop();
      await store.close();
      await logger.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The machine's clock, ahead of it by what was skipped. */
class SkippingClock implements Clock {
  #ahead = 0;

  skipTo(instant: number): void {
    this.#ahead += Math.max(0, instant - this.now());
  }

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#ahead;
  }

  setTimer(delayMs: number, callback: () => void) {
    return systemClock.setTimer(delayMs, callback);
  }
}
