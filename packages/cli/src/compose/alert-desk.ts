import { type Clock, systemClock, type Timer } from '@tsflow/core/clock';
import { alertRules, type Config, publicUrl, runUrl } from '@tsflow/core/config';
import { formatDuration } from '@tsflow/core/duration';
import { errorMessage } from '@tsflow/core/errors';
import type { Logger } from '@tsflow/core/logger';
import {
  type Alert,
  type AlertDelivery,
  alertRows,
  alertSubject,
  isWanted,
  postToSlack,
  postToWebhook,
  sendMail,
} from '@tsflow/core/notifiers';
import { type DurationAlarm, DurationWatch, staleAssets } from '@tsflow/core/queries';
import type { Service } from '@tsflow/core/service';
import {
  type AlertTable,
  ConnectionVault,
  KeyFile,
  type SchedulerTable,
  type Store,
} from '@tsflow/core/store';

const LOOK_EVERY_MS = 2_000;
/** What takes long, or is old, is noticed soon enough. */
const NOTICE_LATE_EVERY_MS = 10_000;
/** For one delivery with its own retries: nobody else tries meanwhile. */
const CLAIM_MS = 60_000;
const MAX_TRIES = 5;
const MAX_AT_ONCE = 20;

interface AlertDeskOptions {
  readonly store: Store;
  readonly config: Config;
  readonly connections: ConnectionVault;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Whether it also looks after the schedulers: a scheduler cannot say that it is dead. */
  readonly watchesSchedulers: boolean;
}

/** The desk of a process of the installation. */
export function openAlertDesk(
  { config, store, logger }: Pick<AlertDeskOptions, 'config' | 'store' | 'logger'>,
  { watchesSchedulers }: Pick<AlertDeskOptions, 'watchesSchedulers'>,
): AlertDesk {
  const connections = new ConnectionVault(store, new KeyFile(config.home), process.env);
  return new AlertDesk({ store, config, connections, logger, clock: systemClock, watchesSchedulers });
}

/**
 * Delivers the alerts of the installation, and notices what no DAG tells of: import errors, schedulers that are down. Several processes may
 * have one: who claims an alert delivers it, and tries again later when nobody takes it.
 */
class AlertDesk implements Service {
  readonly #options: AlertDeskOptions;
  readonly #abort = new AbortController();
  /** Beats that were seen, and since when (monotonic): an installation's clocks may differ. */
  readonly #beats = new Map<string, { beat: number; since: number }>();
  readonly #durations: DurationWatch;
  #lateNoticedAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: AlertDeskOptions) {
    this.#options = options;
    this.#durations = new DurationWatch(options.store);
  }

  async start(): Promise<void> {
    if (alertRules(this.#options.config).length > 0) this.#lookLater(0);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#timer?.cancel();
    await this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #lookLater(ms: number): void {
    if (this.#abort.signal.aborted) return;
    this.#timer = this.#options.clock.setTimer(ms, () => {
      this.#looking = this.#look().finally(() => this.#lookLater(LOOK_EVERY_MS));
    });
  }

  async #look(): Promise<void> {
    try {
      await this.#noticeImportErrors();
      if (this.#options.watchesSchedulers) await this.#noticeSchedulers();
      await this.#noticeLate();
      await this.#deliverDue();
    } catch (error) {
      this.#options.logger.warn('Alerts could not be looked after.', { error: errorMessage(error) });
    }
  }

  async #noticeImportErrors(): Promise<void> {
    const { store, config } = this.#options;
    for (const { file, kind, message, line, since } of await store.catalog.importErrors()) {
      const title = `${file} does not load: its last good version stays scheduled`;
      const text = [
        title,
        `${kind}${line === null ? '' : ` in line ${line}`}: ${message}`,
        `${publicUrl(config)}/import-errors`,
      ].join('\n');
      await this.#file({
        ...ofNoDag,
        id: `import_error:${file}:${since}`,
        kind: 'import_error',
        title,
        text,
      });
    }
  }

  /** What takes longer than it usually does, took a time that is far off, or was not updated in time. */
  async #noticeLate(): Promise<void> {
    const { store, config, clock } = this.#options;
    if (clock.monotonic() - this.#lateNoticedAt < NOTICE_LATE_EVERY_MS) return;
    this.#lateNoticedAt = clock.monotonic();
    const rules = alertRules(config);
    const now = clock.now();
    if (isWanted(rules, 'overdue') || isWanted(rules, 'anomalous_duration')) {
      for (const alarm of await this.#durations.look(now)) await this.#file(durationAlert(config, alarm));
    }
    if (!isWanted(rules, 'asset_stale')) return;
    for (const { name, lastEventAt, expectedAt } of await staleAssets(store, now)) {
      const since = new Date(expectedAt).toISOString();
      const title = `Asset ${name} was not updated in time: expected by ${since}`;
      const url = `${publicUrl(config)}/assets/${encodeURIComponent(name)}`;
      const text = `${title}\nIts last event was at ${new Date(lastEventAt).toISOString()}.\n${url}`;
      await this.#file({
        ...ofNoDag,
        id: `asset_stale:${name}:${expectedAt}`,
        kind: 'asset_stale',
        title,
        text,
      });
    }
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
    if (last === undefined || silent.length < living.length) return;
    const title = `No scheduler is running: ${last.host} (pid ${last.pid}) was heard of last at ${new Date(last.beatAt).toISOString()}`;
    const text = `${title}\nNothing is started until one runs again: tsflow scheduler`;
    await this.#file({
      ...ofNoDag,
      id: `scheduler_down:${last.id}:${last.beat}`,
      kind: 'scheduler_down',
      title,
      text,
    });
  }

  async #file(alert: Alert): Promise<void> {
    const { store, config, clock } = this.#options;
    const rows = alertRows(alertRules(config), alert, clock.now());
    for (const row of rows) {
      await store.db
        .insertInto('alert')
        .values({ ...row, endDate: null, error: null })
        .onConflict((on) => on.column('id').doNothing())
        .execute();
    }
  }

  async #deliverDue(): Promise<void> {
    const { store, clock } = this.#options;
    const due = await store.db
      .selectFrom('alert')
      .selectAll()
      .where('state', '=', 'pending')
      .where('nextAt', '<=', clock.now())
      .orderBy('nextAt')
      .limit(MAX_AT_ONCE)
      .execute();
    await Promise.all(due.map((alert) => this.#deliver(alert)));
  }

  async #deliver(alert: AlertTable): Promise<void> {
    const { store, clock, logger } = this.#options;
    const now = clock.now();
    const tries = alert.tries + 1;
    const claimed = await store.db
      .updateTable('alert')
      .set({ tries, nextAt: now + CLAIM_MS * 2 ** alert.tries })
      .where('id', '=', alert.id)
      .where('tries', '=', alert.tries)
      .where('state', '=', 'pending')
      .executeTakeFirst();
    if (claimed.numUpdatedRows === 0n) return;
    try {
      await this.#send(alert.id, JSON.parse(alert.facts) as AlertDelivery);
      await this.#close(alert.id, 'sent', null);
    } catch (error) {
      logger.warn('An alert was not delivered.', { alert: alert.id, tries, error: errorMessage(error) });
      if (tries >= MAX_TRIES) await this.#close(alert.id, 'failed', errorMessage(error));
    }
  }

  async #send(id: string, { rule, ...alert }: AlertDelivery): Promise<void> {
    const { connections } = this.#options;
    const { signal } = this.#abort;
    const { connectionId, channel, mailTo = [] } = rule;
    const named = { ...(connectionId === undefined ? {} : { connectionId }), signal };
    switch (rule.to) {
      case 'slack':
        return postToSlack(connections, alert.text, {
          ...named,
          ...(channel === undefined ? {} : { channel }),
        });
      case 'webhook':
        return postToWebhook(connections, JSON.stringify(alert), {
          ...named,
          connectionId: connectionId!,
          id,
        });
      case 'email': {
        const subject = `[tsflow] ${alert.title}`;
        const messageId = `<${id.replace(/[^\w.-]/g, '_')}@tsflow>`;
        await sendMail(connections, { to: mailTo, subject, text: alert.text, messageId, connectionId });
      }
    }
  }

  async #close(id: string, state: 'sent' | 'failed', error: string | null): Promise<void> {
    const { store, clock } = this.#options;
    await store.db
      .updateTable('alert')
      .set({ state, error, endDate: clock.now() })
      .where('id', '=', id)
      .execute();
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
