import type { Asset, AssetEventFacts, Duration, ParamsSchema } from '@tsflow/core';
import type { Intent } from '@tsflow/core/intents';
import type { Json, JsonObject } from '@tsflow/core/json';
import type { RunOptions } from './dag-test-options.ts';
import type { DagsTest } from './dags-test.ts';
import type { RunReport } from './run-report.ts';

/**
 * One DAG of a test, with the clock that all of its DAGs share.
 *
 * Made by {@link startDag}, and by `of` of {@link startDags}. `await using` stops the whole test.
 */
export class DagTest<S extends ParamsSchema | undefined = undefined> implements AsyncDisposable {
  readonly #test: DagsTest;
  readonly #dagId: string;

  constructor(test: DagsTest, dagId: string) {
    this.#test = test;
    this.#dagId = dagId;
  }

  /** What the virtual clock says. */
  get now(): Date {
    return this.#test.now;
  }

  /** Starts a run by hand and returns its id; it goes on whenever the test waits for something. */
  async trigger(options: RunOptions<S> = {}): Promise<string> {
    const { conf = {}, logicalDate } = options;
    const when = logicalDate === undefined ? {} : { logicalDate: new Date(logicalDate).toISOString() };
    const answer = await this.ask({ kind: 'trigger', payload: { conf: conf as JsonObject, ...when } });
    return answer.runId as string;
  }

  /**
   * Asks something of the DAG as a person would - clear, mark, kill, pause, backfill - and returns the answer. Throws what it was
   * refused for.
   */
  ask(intent: Intent): Promise<JsonObject> {
    return this.#test.ask(this.#dagId, intent);
  }

  /** Sets a Variable, as a person would; limits that read it follow at once. */
  setVariable(key: string, value: Json): Promise<void> {
    return this.#test.setVariable(key, value);
  }

  /** Makes a pool, or changes its slots; -1 is no limit. */
  setPool(name: string, slots: number): Promise<void> {
    return this.#test.setPool(name, slots);
  }

  /** Posts an event of an asset, as something outside of tsflow would; resolves when everything that follows at once has happened. */
  post(asset: Asset | string, facts: AssetEventFacts = {}): Promise<void> {
    return this.#test.post(asset, facts);
  }

  /** Lets time pass until the run has ended. Throws {@link RunStuckError} when it cannot. */
  finished(runId: string): Promise<RunReport> {
    return this.#test.finished(this.#dagId, runId);
  }

  /** Lets time pass until `instant`: whatever falls due by then happens at its own instant. */
  advanceTo(instant: Date | string): Promise<void> {
    return this.#test.advanceTo(instant);
  }

  /** Lets `duration` pass, as {@link advanceTo} does. */
  advance(duration: Duration): Promise<void> {
    return this.#test.advance(duration);
  }

  /** A run as it stands now. */
  report(runId: string): Promise<RunReport> {
    return this.#test.report(this.#dagId, runId);
  }

  /** Every run so far, oldest first. */
  runs(): Promise<readonly RunReport[]> {
    return this.#test.runs(this.#dagId);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#test[Symbol.asyncDispose]();
  }
}
