import { defined } from '@tsflow/core/defined';
import { formatDuration } from '@tsflow/core/duration';
import type { Command } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf, type Schemas } from '../door/api.ts';
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
  const { api } = await context.door();
  const { items: assets } = await answerOf(api.GET('/assets'));
  context.out.table(
    assets,
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
  const { api } = await context.door();
  const query = defined(options);
  const asset = await answerOf(api.GET('/assets/{name}', { params: { path: { name }, query } }));
  context.out.result(asset, () => inWords(asset));
  return undefined;
}

async function post(
  context: CommandContext,
  asset: string,
  options: { partition?: string; extra?: string; id?: string },
): Promise<undefined> {
  const { api } = await context.door();
  const extra = options.extra === undefined ? undefined : await parseConf(options.extra, '--extra');
  const posted = await answerOf(
    api.POST('/assets/{name}/events', {
      params: { path: { name: asset } },
      body: defined({ extra, partition: options.partition }),
      headers: defined({ 'Idempotency-Key': options.id }),
    }),
  );
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

type Asset = Schemas['Asset'];

function expectedInWords({ expectedAt, isStale }: Pick<Asset, 'expectedAt' | 'isStale'>): string {
  if (expectedAt === null) return '';
  return `${formatInstant(expectedAt)}${isStale ? ' (overdue)' : ''}`;
}

function inWords(asset: Schemas['AssetDetails']): string {
  const { name, uri, description, freshnessMs, consumers, producers, sensors } = asset;
  const tasks = (list: Asset['producers']) =>
    list.map(({ dagId, taskId }) => `${dagId}.${taskId}`).join(', ');
  const facts = [
    ['uri', uri ?? ''],
    ['description', description ?? ''],
    ['freshness', freshnessMs === null ? '' : formatDuration(freshnessMs)],
    ['next expected', expectedInWords(asset)],
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

const EVENT_COLUMNS: Parameters<typeof renderTable<Schemas['AssetEvent']>>[1] = [
  { title: 'event', value: (event) => event.eventId, align: 'right' },
  { title: 'at', value: (event) => formatInstant(event.at) },
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

function became({ state, runId }: Schemas['PostedAssetEvent']['consumers'][number]): string {
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
