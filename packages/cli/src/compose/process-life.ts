import type { Config } from '@tsflow/core/config';
import type { Logger } from '@tsflow/core/logger';
import type { Store } from '@tsflow/core/store';
import type { LocalContext } from '../command-context.ts';
import { createProcessLogger, type ProcessLogger } from './process-logger.ts';
import { assertShareable, openProjectStore } from './project.ts';

/** What a process of the installation consists of. */
export interface ProcessDeps {
  readonly config: Config;
  readonly store: Store;
  readonly logger: Logger;
  /** Ends the process with exit code 1: it can go on no longer. */
  readonly fail: (error: Error) => void;
}

/** The part of a process that is its own. */
export interface ProcessPart {
  start(): Promise<void>;
  /** Ends in good order. */
  stop(): Promise<void>;
}

/**
 * The life of a process: open the database, start, run until SIGTERM or SIGINT (or, when a supervisor started it, until that
 * one is gone), stop in good order. A second signal skips the wait.
 */
export async function runProcess(
  context: LocalContext,
  name: string,
  options: { readonly supervised: boolean },
  compose: (deps: ProcessDeps) => Promise<ProcessPart>,
): Promise<void> {
  const config = await context.config();
  assertShareable(config);
  const logger = createProcessLogger({
    level: config.logLevel,
    json: context.out.json,
    stream: process.stdout,
  });
  const end = processEnd(options.supervised, logger);
  await using store = await openProjectStore(config);
  let failure: Error | null = null;
  const fail = (error: Error) => {
    failure ??= error;
    end.come('it cannot go on');
  };
  const part = await compose({ config, store, logger, fail });
  try {
    await part.start();
    logger.info(`${name} is up`, { pid: process.pid });
    const why = await end.came;
    logger.info(`${name} stops: ${why}`);
  } finally {
    await part.stop();
    end.dispose();
  }
  if (failure !== null) throw failure;
  logger.info(`${name} has stopped`);
  await logger.close();
}

/**
 * Signals closer together than this are one wish: a terminal sends Ctrl-C to a whole group, and the parents in it pass it on.
 */
export const REPEAT_MS = 500;

/** What tells a process to end. */
function processEnd(supervised: boolean, logger: ProcessLogger) {
  let come: (why: string) => void = () => undefined;
  const came = new Promise<string>((resolve) => {
    come = resolve;
  });
  let askedAt: number | null = null;
  const onSignal = (signal: string) => {
    if (askedAt !== null && performance.now() - askedAt > REPEAT_MS) {
      logger.warn(`${signal} again: no more waiting`);
      void logger.close().then(() => process.exit(1));
    }
    askedAt ??= performance.now();
    come(signal);
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  const onInputEnd = () => come('its supervisor is gone');
  if (supervised) {
    // The supervisor holds the other end of the pipe and never writes: the end of it is the end of the supervisor.
    process.stdin.on('end', onInputEnd).on('error', onInputEnd).resume();
  }
  return {
    came,
    come: (why: string) => come(why),
    dispose() {
      for (const signal of signals) process.off(signal, onSignal);
      if (supervised) process.stdin.destroy();
    },
  };
}
