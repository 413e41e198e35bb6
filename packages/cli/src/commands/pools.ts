import { readFile } from 'node:fs/promises';
import { defined } from '@tsflow/core/defined';
import { InvalidInputError } from '@tsflow/core/errors';
import type { Command } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf, type Schemas } from '../door/api.ts';
import type { Door } from '../door/door.ts';
import { formatInstant } from '../output/table.ts';
import { type Limit, limitOption } from './limit-option.ts';
import { readStandardInput } from './standard-input.ts';

export function register(program: Command): void {
  const pools = program.command('pools').description('slots that tasks of all DAGs share');
  pools.command('list').description('every pool with what is in use of it').action(perform(list));
  pools.command('get <name>').description('one pool').action(perform(get));
  pools
    .command('set <name> <slots>')
    .description(
      'make a pool or change its slots: a number (-1: no limit), variable:NAME=8, or a daily plan as JSON.\nTakes effect within a second, and so does what it follows',
    )
    .option('--description <text>', 'what it is for')
    .option('--include-deferred', 'tasks that wait for a trigger keep their slots')
    .option('--no-include-deferred', 'tasks that wait for a trigger give their slots back')
    .action(perform(set));
  pools
    .command('delete <name>')
    .description('delete a pool; its tasks wait until there is one again')
    .action(perform(remove));
  pools
    .command('import <file>')
    .description('set every pool of a JSON file { "name": { "slots": 5 } }; "-" reads standard input')
    .action(perform(importFile));
  pools
    .command('export')
    .description('print every pool as JSON that `import` reads')
    .action(perform(exportAll));
}

async function list(context: CommandContext): Promise<undefined> {
  const { api } = await context.door();
  const { items } = await answerOf(api.GET('/pools'));
  context.out.table(
    items,
    [
      { title: 'pool', value: (pool) => pool.name },
      { title: 'slots', value: (pool) => slotsInWords(pool.slots), align: 'right' },
      { title: 'follows', value: (pool) => followedBy(pool) },
      { title: 'used', value: (pool) => pool.used, align: 'right' },
      { title: 'waiting', value: (pool) => pool.waiting, align: 'right' },
      { title: 'deferred', value: (pool) => (pool.includeDeferred ? 'count' : '') },
      { title: 'description', value: (pool) => pool.description },
    ],
    'There are no pools.',
  );
  return undefined;
}

async function get(context: CommandContext, name: string): Promise<undefined> {
  const { api } = await context.door();
  const pool = await answerOf(api.GET('/pools/{name}', { params: { path: { name } } }));
  context.out.result(pool, () => `${name}: ${inWords(pool)}.`);
  return undefined;
}

async function set(
  context: CommandContext,
  name: string,
  slots: string,
  { description, includeDeferred }: { description?: string; includeDeferred?: boolean },
): Promise<undefined> {
  const settings = { name, slots: limitOption(slots, 'slots'), ...defined({ description, includeDeferred }) };
  const pool = await setPool(await context.door(), settings);
  context.out.result(pool, () => `${name}: ${inWords(pool)}.`);
  return undefined;
}

async function remove(context: CommandContext, name: string): Promise<undefined> {
  const { api } = await context.door();
  await answerOf(api.DELETE('/pools/{name}', { params: { path: { name } } }));
  context.out.result({ name, deleted: true }, () => `${name} is deleted.`);
  return undefined;
}

async function importFile(context: CommandContext, file: string): Promise<undefined> {
  const pools = readPools(file === '-' ? await readStandardInput() : await readFile(file, 'utf8'), file);
  const door = await context.door();
  for (const pool of pools) await setPool(door, pool);
  context.out.result({ imported: pools.map(({ name }) => name) }, () =>
    pools.length === 1 ? '1 pool is set.' : `${pools.length} pools are set.`,
  );
  return undefined;
}

async function exportAll(context: CommandContext): Promise<undefined> {
  const { api } = await context.door();
  const { items: pools } = await answerOf(api.GET('/pools'));
  const document = Object.fromEntries(
    pools.map(({ name, limit, description, includeDeferred }) => [
      name,
      { slots: limit, description, includeDeferred },
    ]),
  );
  context.out.print(JSON.stringify(document, null, 2));
  return undefined;
}

function setPool({ api }: Door, { name, ...body }: PoolEntry): Promise<Pool> {
  return answerOf(api.PUT('/pools/{name}', { params: { path: { name } }, body }));
}

type Pool = Schemas['Pool'];

const slotsInWords = (slots: number): string => (slots < 0 ? 'no limit' : String(slots));

function inWords(pool: Pool): string {
  const { slots, used, waiting } = pool;
  const all = slots < 0 ? 'no limit' : slots === 1 ? '1 slot' : `${slots} slots`;
  const source = followedBy(pool);
  return `${all}${source === '' ? '' : ` (${source})`}, ${used} in use, ${waiting} waited for`;
}

/** What moves the slots, and when to what, in words; empty: somebody's hand alone. */
function followedBy({ limit, next, problem }: Pool): string {
  if (typeof limit === 'number') return '';
  const source = 'variable' in limit ? `Variable ${limit.variable}` : 'a daily plan';
  const change = next === null ? '' : `: ${slotsInWords(next.slots)} from ${formatInstant(next.at)}`;
  return `${source}${change}${problem === null ? '' : ` (${problem})`}`;
}

interface PoolEntry {
  readonly name: string;
  readonly slots: Limit;
  readonly description?: string | null;
  readonly includeDeferred?: boolean;
}

/** Its members are checked where it is set. */
function isLimit(slots: unknown): slots is Limit {
  return typeof slots === 'number' || (typeof slots === 'object' && slots !== null);
}

/** All of them are checked before the first is written. */
function readPools(text: string, file: string): readonly PoolEntry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    throw new InvalidInputError(`${file}: expected JSON.`, { cause: thrown });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new InvalidInputError(`${file}: expected a JSON object { "name": { "slots": 5 }, … }.`);
  }
  return Object.entries(parsed).map(([name, value]) => poolEntry(name, value, file));
}

function poolEntry(name: string, value: unknown, file: string): PoolEntry {
  const { slots, description, includeDeferred } = (value ?? {}) as Partial<Record<keyof PoolEntry, unknown>>;
  if (!isLimit(slots)) {
    throw new InvalidInputError(
      `${file}: pool "${name}" expects { "slots": <whole number, { "variable", "default" } or daily plan> }.`,
    );
  }
  if (description !== undefined && description !== null && typeof description !== 'string') {
    throw new InvalidInputError(`${file}: description of pool "${name}" expects a text.`);
  }
  if (includeDeferred !== undefined && typeof includeDeferred !== 'boolean') {
    throw new InvalidInputError(`${file}: includeDeferred of pool "${name}" expects true or false.`);
  }
  return { name, slots, ...defined({ description, includeDeferred }) };
}
