import type { Clock } from '@tsflow/core/clock';
import { alertRules, type Config, publicUrl, runUrl } from '@tsflow/core/config';
import { formatDuration } from '@tsflow/core/duration';
import { type Alert, alertRows, alertSubject, isWanted } from '@tsflow/core/notifiers';
import { type DurationAlarm, DurationWatch, staleAssets } from '@tsflow/core/queries';
import type { SchedulerTable, Store } from '@tsflow/core/store';

/** What takes long, or is old, is noticed soon enough. */
const NOTICE_LATE_EVERY_MS = 10_000;

interface AlertNoticesOptions {
  readonly store: Store;
  readonly config: Config;
  readonly clock: Clock;
  readonly watchesSchedulers: boolean;
}

/**
 * Notices what no DAG tells of: import errors, what takes long or is old, schedulers that are down. Each is filed once for everybody who is
 * to be told, whoever notices it and however long it lasts; a look that finds what the last one found writes nothing.
 */
export class AlertNotices {
  readonly #options: AlertNoticesOptions;
  /** Beats that were seen, and since when (monotonic): an installation's clocks may differ. */
  readonly #beats = new Map<string, { beat: number; since: number }>();
  readonly #durations: DurationWatch;
  /** What the last look at each subject found, all of it filed. */
  readonly #filed = new Map<string, ReadonlySet<string>>();
  #lateNoticedAt = Number.NEGATIVE_INFINITY;

  constructor(options: AlertNoticesOptions) {
    this.#options = options;
    this.#durations = new DurationWatch(options.store);
  }

  async look(): Promise<void> {
    if (isWanted(alertRules(this.#options.config), 'import_error')) await this.#noticeImportErrors();
    if (this.#options.watchesSchedulers) await this.#noticeSchedulers();
    await this.#noticeLate();
  }

  async #noticeImportErrors(): Promise<void> {
    const { store, config } = this.#options;
    const errors = await store.catalog.importErrors();
    const alerts = errors.map(({ file, kind, message, line, since }): Alert => {
      const title = `${file} does not load: its last good version stays scheduled`;
      const text = [
        title,
        `${kind}${line === null ? '' : ` in line ${line}`}: ${message}`,
        `${publicUrl(config)}/import-errors`,
      ].join('\n');
      return { ...ofNoDag, id: `import_error:${file}:${since}`, kind: 'import_error', title, text };
    });
    await this.#file('import errors', alerts);
  }

  /** What takes longer than it usually does, took a time that is far off, or was not updated in time. */
  async #noticeLate(): Promise<void> {
    const { store, config, clock } = this.#options;
    if (clock.monotonic() - this.#lateNoticedAt < NOTICE_LATE_EVERY_MS) return;
    this.#lateNoticedAt = clock.monotonic();
    const rules = alertRules(config);
    const now = clock.now();
    if (isWanted(rules, 'overdue') || isWanted(rules, 'anomalous_duration')) {
      const alarms = await this.#durations.look(now);
      await this.#file(
        'durations',
        alarms.map((alarm) => durationAlert(config, alarm)),
      );
    }
    if (!isWanted(rules, 'asset_stale')) return;
    const stale = await staleAssets(store, now);
    const alerts = stale.map(({ name, lastEventAt, expectedAt }): Alert => {
      const since = new Date(expectedAt).toISOString();
      const title = `Asset ${name} was not updated in time: expected by ${since}`;
      const url = `${publicUrl(config)}/assets/${encodeURIComponent(name)}`;
      const text = `${title}\nIts last event was at ${new Date(lastEventAt).toISOString()}.\n${url}`;
      return { ...ofNoDag, id: `asset_stale:${name}:${expectedAt}`, kind: 'asset_stale', title, text };
    });
    await this.#file('assets', alerts);
  }

  /** Down: there was one, and none has beaten for the length of a lease. One that was stopped on purpose is not missed. */
  async #noticeSchedulers(): Promise<void> {
    const { store, config, clock } = this.#options;
    const living = await store.leases.living();
    const now = clock.monotonic();
    const isSilent = ({ id, beat }: SchedulerTable): boolean => {
      const seen = this.#beats.get(id);
      if (seen?.beat !== beat) this.#beats.set(id, { beat, since: now });
      return now - (this.#beats.get(id)?.since ?? now) > config.leaseMs;
    };
    const silent = living.filter(isSilent);
    const [last] = silent;
    if (last === undefined || silent.length < living.length) return this.#file('schedulers', []);
    const title = `No scheduler is running: ${last.host} (pid ${last.pid}) was heard of last at ${new Date(last.beatAt).toISOString()}`;
    const text = `${title}\nNothing is started until one runs again: tsflow scheduler`;
    const id = `scheduler_down:${last.id}:${last.beat}`;
    await this.#file('schedulers', [{ ...ofNoDag, id, kind: 'scheduler_down', title, text }]);
  }

  /** @param alerts all that a look at the subject found */
  async #file(subject: string, alerts: readonly Alert[]): Promise<void> {
    const before = this.#filed.get(subject);
    for (const alert of alerts) if (before?.has(alert.id) !== true) await this.#fileOne(alert);
    this.#filed.set(subject, new Set(alerts.map(({ id }) => id)));
  }

  async #fileOne(alert: Alert): Promise<void> {
    const { store, config, clock } = this.#options;
    const rows = alertRows(alertRules(config), alert, clock.now());
    if (rows.length === 0) return;
    const ids = rows.map(({ id }) => id);
    // Nearly always all of them, after a start: a write would hold up the scheduler for nothing.
    const known = await store.db.selectFrom('alert').select('id').where('id', 'in', ids).execute();
    for (const row of rows) {
      if (known.some(({ id }) => id === row.id)) continue;
      await store.db
        .insertInto('alert')
        .values({ ...row, endDate: null, error: null })
        .onConflict((on) => on.column('id').doNothing())
        .execute();
    }
  }
}

function durationAlert(config: Config, alarm: DurationAlarm): Alert {
  const { id, kind, dagId, runId, taskId, mapPath, tookMs, usual } = alarm;
  const what = alertSubject(alarm);
  const took = formatDuration(tookMs);
  const title =
    kind === 'overdue'
      ? `${what} takes longer than usual: ${took} so far`
      : `${what} took ${took}, which is far from usual`;
  const url = runUrl(config, alarm);
  const text = [
    title,
    `Of its newest ${usual.samples} that succeeded half took ${formatDuration(usual.medianMs)}, and 95 % at most ${formatDuration(usual.usualMs)}.`,
    `run ${runId}`,
    url,
  ].join('\n');
  return { id, kind, title, text, dagId, runId, taskId, mapPath, url };
}

const ofNoDag = { dagId: null, runId: null, taskId: null, mapPath: '', url: null };
