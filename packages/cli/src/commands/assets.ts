import { formatDuration } from '@tsflow/core/duration';
import {
  type AssetDetails,
  type AssetEventSummary,
  type AssetSummary,
  getAsset,
  listAssets,
} from '@tsflow/core/queries';
import { type AssetEventConsumer, postAssetEvent } from '@tsflow/core/store';
import type { Command } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { formatInstant, renderTable } from '../output/table.ts';
import { parseConf } from './conf-option.ts';
import { countOption } from './paging.ts';

export function register(program: Command): void {
  const assets = program.command('assets').description('data that tasks update and DAGs are scheduled on');
  assets.command('list').description('every asset with its last event').action(perform(list));
  assets
    .command('show <name>')
    .description('one asset with its newest events and the runs that they made')
    .option('--partition <text>', 'only events of this partition')
    .option('-n, --limit <count>', 'how many events', countOption, 25)
    .action(perform(show));
  assets
    .command('post <name>')
    .description('say that an asset has something new: DAGs that are scheduled on it run')
    .option('--partition <text>', 'the part of it that is new, such as a day')
    .option('--extra <json>', 'a JSON object about it; @file and - (standard input) are read')
    .option('--id <key>', 'of the event: the same id again is answered with the first event')
    .action(perform(post));
}

async function list(context: CommandContext): Promise<undefined> {
  const assets = await listAssets(await context.store(), Date.now());
  context.out.table(
    assets.map(record),
    [
      { title: 'asset', value: (asset) => asset.name },
      { title: 'last event', value: (asset) => formatInstant(asset.lastEventAt) },
      { title: 'next expected', value: expectedInWords },
      {
        title: 'updated by',
        value: (asset) => asset.producers.map(({ dagId, taskId }) => `${dagId}.${taskId}`).join(', '),
      },
      { title: 'schedules', value: (asset) => asset.consumers.join(', ') },
    ],
    'No DAG names an asset.',
  );
  return undefined;
}

async function show(
  context: CommandContext,
  name: string,
  options: { partition?: string; limit: number },
): Promise<undefined> {
  const asset = await getAsset(await context.store(), { name, ...options }, Date.now());
  const events = asset.events.map((event) => ({ ...event, at: new Date(event.at).toISOString() }));
  context.out.result({ ...record(asset), events }, () => inWords(asset));
  return undefined;
}

async function post(
  context: CommandContext,
  asset: string,
  options: { partition?: string; extra?: string; id?: string },
): Promise<undefined> {
  const posted = await postAssetEvent(await context.store(), {
    asset,
    extra: await parseConf(options.extra, '--extra'),
    partition: options.partition ?? null,
    actor: context.actor,
    at: Date.now(),
    idempotencyKey: options.id ?? null,
  });
  context.out.result(posted, () =>
    [
      posted.repeated
        ? `Event ${posted.eventId} of ${asset} was posted before.`
        : `Event ${posted.eventId} of ${asset}.`,
      ...posted.consumers.map((consumer) => `  ${consumer.dagId}: ${became(consumer)}`),
      ...(posted.consumers.length === 0 ? ['  No DAG is scheduled on it.'] : []),
    ].join('\n'),
  );
  return undefined;
}

type AssetRecord = Omit<AssetSummary, 'lastEventAt' | 'expectedAt'> & {
  readonly lastEventAt: string | null;
  readonly expectedAt: string | null;
};

function record({
  name,
  uri,
  description,
  freshnessMs,
  isStale,
  producers,
  consumers,
  sensors,
  ...at
}: AssetSummary): AssetRecord {
  const iso = (instant: number | null) => (instant === null ? null : new Date(instant).toISOString());
  const instants = { lastEventAt: iso(at.lastEventAt), expectedAt: iso(at.expectedAt) };
  return { name, uri, description, freshnessMs, ...instants, isStale, producers, consumers, sensors };
}

function expectedInWords({ expectedAt, isStale }: Pick<AssetRecord, 'expectedAt' | 'isStale'>): string {
  if (expectedAt === null) return '';
  return `${formatInstant(expectedAt)}${isStale ? ' (overdue)' : ''}`;
}

function inWords(asset: AssetDetails): string {
  const { name, uri, description, freshnessMs, consumers, producers, sensors } = asset;
  const tasks = (list: AssetSummary['producers']) =>
    list.map(({ dagId, taskId }) => `${dagId}.${taskId}`).join(', ');
  const facts = [
    ['uri', uri ?? ''],
    ['description', description ?? ''],
    ['freshness', freshnessMs === null ? '' : formatDuration(freshnessMs)],
    ['next expected', expectedInWords(record(asset))],
    ['updated by', tasks(producers)],
    ['schedules', consumers.join(', ')],
    ['waited for by', tasks(sensors)],
  ].filter(([, value]) => value !== '');
  return [
    name,
    ...facts.map(([title, value]) => `  ${title}: ${value}`),
    '',
    asset.events.length === 0 ? 'It has had no event.' : renderTable(asset.events, EVENT_COLUMNS),
  ].join('\n');
}

const EVENT_COLUMNS: Parameters<typeof renderTable<AssetEventSummary>>[1] = [
  { title: 'event', value: (event) => event.eventId, align: 'right' },
  { title: 'at', value: (event) => formatInstant(new Date(event.at).toISOString()) },
  { title: 'partition', value: (event) => event.partition },
  {
    title: 'from',
    value: ({ source, actor }) => (source === null ? actor : `${source.dagId}.${source.taskId}`),
  },
  {
    title: 'made',
    value: ({ runs, pendingIn }) =>
      [
        ...runs.map(({ dagId, runId }) => `${dagId} ${runId}`),
        ...pendingIn.map((dagId) => `${dagId} (pending)`),
      ].join(', '),
  },
];

function became({ state, runId }: AssetEventConsumer): string {
  switch (state) {
    case 'run':
      return `run ${runId}`;
    case 'kept':
      return 'it counts, and waits for the rest of the condition or for room';
    case 'ignored':
      return 'paused, so it does not count';
    case 'waiting':
      return 'waits for a scheduler';
  }
}
