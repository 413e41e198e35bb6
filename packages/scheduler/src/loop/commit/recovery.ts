import type { Clock } from '@tsflow/core/clock';
import { ConflictError, errorMessage } from '@tsflow/core/errors';
import { ContentRefusedError } from '@tsflow/core/store';
import type { World } from '../held/world.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Report } from '../inbox/report.ts';
import type { DagIntake } from '../leases/dag-intake.ts';
import { asFailure, BrokenReportError } from '../reports/report-stage.ts';
import type { Suspects } from './suspects.ts';
import { touchedDags } from './touched-dags.ts';
import type { TurnDraft } from './turn-draft.ts';

/** Another scheduler took the slots first: the turn is decided anew with the real numbers. */
export class CountersRefused extends Error {
  readonly counters: ReadonlyMap<string, number>;

  constructor(counters: ReadonlyMap<string, number>) {
    super('The slots that this turn wanted were taken meanwhile.');
    this.counters = counters;
  }
}

/** After a turn that failed: what it changed in memory never happened, and what it was given comes again. */
export class Recovery {
  readonly #world: World;
  readonly #inbox: Inbox;
  readonly #intake: DagIntake;
  readonly #suspects: Suspects;
  #failures = 0;

  constructor(world: World, inbox: Inbox, intake: DagIntake, suspects: Suspects) {
    this.#world = world;
    this.#inbox = inbox;
    this.#intake = intake;
    this.#suspects = suspects;
  }

  /** A turn went through. */
  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * The DAGs that the turn touched are read anew, the reports come again, after a pause that grows with each failure; runners keep
   * their outcomes until they are accepted, so nothing is lost.
   */
  async recover(error: unknown, { reports, changes, woken }: TurnDraft): Promise<void> {
    this.#failures += 1;
    this.#inbox.putBack(this.#again(error, reports));
    const backOffMs = Math.min(5_000, 20 * 2 ** Math.min(this.#failures, 8));
    const { clock } = this.#world;
    await pause(clock, backOffMs);
    this.#intake.drop([...touchedDags(changes), ...woken]);
    for (const hint of ['leases', 'intents', 'versions', 'variables'] as const) this.#inbox.hint(hint);
  }

  /** The reports that come again, with what is known of who is to blame. */
  #again(error: unknown, reports: readonly Report[]): readonly Report[] {
    const { logger, limits } = this.#world;
    const fields = { error: errorMessage(error), failures: this.#failures };
    if (error instanceof CountersRefused) {
      limits.committed(error.counters);
    } else if (error instanceof ContentRefusedError || error instanceof ConflictError) {
      // A value is its author's mistake; a key that is taken is one of ours.
      const level = error instanceof ConflictError ? 'error' : 'warn';
      logger[level]('A turn held what the database does not keep; its work comes again.', fields);
      return this.#suspects.refused(error, reports, this.#world);
    } else if (error instanceof BrokenReportError) {
      logger.error('A report could not be taken; it counts as a failure.', fields);
      return reports.flatMap((report) => (report === error.report ? asFailure(report, error) : [report]));
    } else logger.error('A turn failed; its DAGs are read anew.', fields);
    return reports;
  }
}

const pause = (clock: Clock, ms: number) => new Promise<void>((resolve) => clock.setTimer(ms, resolve));
