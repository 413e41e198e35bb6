import type { TsflowError } from '@tsflow/core/errors';
import type { World } from '../held/world.ts';
import type { Report } from '../inbox/report.ts';
import { asRefusal } from '../intents/refusal.ts';
import { asFailure } from '../reports/report-stage.ts';

/**
 * After a commit that the database refused for its content, a value that it does not keep or a key that is taken: that must not take down
 * what came in the same turn. Reports, then intents, go into the next turns one at a time, until the culprit is alone; then it fails in words, a report as its
 * task's failure, an intent as a refusal.
 */
export class Suspects {
  /** Turns that still take one thing alone. */
  #turns = 0;
  #isAlone = false;
  #intents: readonly number[] = [];

  /** How many reports the turn that begins may take, `most` in peace. */
  beginTurn(most: number): number {
    this.#isAlone = this.#turns > 0;
    this.#turns = Math.max(0, this.#turns - 1);
    this.#intents = [];
    return this.#isAlone ? 1 : most;
  }

  /** How many intents it may take after `reports` of runners. */
  intentLimit(reports: number, most: number): number {
    if (!this.#isAlone) return most;
    return reports > 0 ? 0 : 1;
  }

  /** The intents that it took. */
  took(intents: readonly { readonly id: number }[]): void {
    this.#intents = intents.map(({ id }) => id);
  }

  /** The commit was refused. Returns the reports that are to come again. */
  refused(error: TsflowError, reports: readonly Report[], world: World): readonly Report[] {
    const [report] = reports;
    const [intent] = this.#intents;
    const count = reports.length + this.#intents.length;
    if (count > 1) this.#turns = count;
    else if (intent !== undefined) world.brokenIntents.set(intent, asRefusal(error));
    else if (report !== undefined) return asFailure(report, error);
    return reports;
  }
}
