import { readFile } from 'node:fs/promises';
import { InvalidInputError, NotFoundError } from '@tsflow/core/errors';
import type { PoolUse, Store } from '@tsflow/core/store';
import type { Command } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { readStandardInput } from './standard-input.ts';

export function register(program: Command): void {
  const pools = program.command('pools').description('slots that tasks of all DAGs share');
  pools.command('list').description('every pool with what is in use of it').action(perform(list));
  pools.command('get <name>').description('one pool').action(perform(get));
  pools
    .command('set <name> <slots>')
    .description('make a pool or change its slots; -1 is no limit. Takes effect within a second')
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
  const store = await context.store();
  context.out.table(
    [...(await store.pools.list())],
    [
      { title: 'pool', value: (pool) => pool.name },
      { title: 'slots', value: (pool) => slotsInWords(pool.slots), align: 'right' },
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
  const pool = await poolNamed(await context.store(), name);
  context.out.result(pool, () => `${name}: ${inWords(pool)}.`);
  return undefined;
}

async function set(
  context: CommandContext,
  name: string,
  given: string,
  options: { description?: string; includeDeferred?: boolean },
): Promise<undefined> {
  const store = await context.store();
  await store.pools.set({
    name,
    slots: wholeNumber(given),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.includeDeferred === undefined ? {} : { includeDeferred: options.includeDeferred }),
    actor: context.actor,
    at: Date.now(),
  });
  const pool = await poolNamed(store, name);
  context.out.result(pool, () => `${name}: ${inWords(pool)}.`);
  return undefined;
}

async function remove(context: CommandContext, name: string): Promise<undefined> {
  const store = await context.store();
  if (!(await store.pools.delete(name, context.actor, Date.now()))) throw new NotFoundError('Pool', name);
  context.out.result({ name, deleted: true }, () => `${name} is deleted.`);
  return undefined;
}

async function importFile(context: CommandContext, file: string): Promise<undefined> {
  const pools = readPools(file === '-' ? await readStandardInput() : await readFile(file, 'utf8'), file);
  const store = await context.store();
  for (const pool of pools) await store.pools.set({ ...pool, actor: context.actor, at: Date.now() });
  context.out.result({ imported: pools.map(({ name }) => name) }, () =>
    pools.length === 1 ? '1 pool is set.' : `${pools.length} pools are set.`,
  );
  return undefined;
}

async function exportAll(context: CommandContext): Promise<undefined> {
  const pools = await (await context.store()).pools.list();
  const document = Object.fromEntries(
    pools.map(({ name, slots, description, includeDeferred }) => [
      name,
      { slots, description, includeDeferred },
    ]),
  );
  context.out.print(JSON.stringify(document, null, 2));
  return undefined;
}

async function poolNamed(store: Store, name: string): Promise<PoolUse> {
  const pool = (await store.pools.list()).find((one) => one.name === name);
  if (pool === undefined) throw new NotFoundError('Pool', name, 'See `tsflow pools list`.');
  return pool;
}

const slotsInWords = (slots: number): string => (slots < 0 ? 'no limit' : String(slots));

function inWords({ slots, used, waiting }: PoolUse): string {
  const all = slots < 0 ? 'no limit' : slots === 1 ? '1 slot' : `${slots} slots`;
  return `${all}, ${used} in use, ${waiting} waited for`;
}

function wholeNumber(given: string): number {
  if (/^-?\d+$/.test(given)) return Number(given);
  throw new InvalidInputError(`slots: expected a whole number from 0, or -1 for no limit, got "${given}".`);
}

interface PoolEntry {
  readonly name: string;
  readonly slots: number;
  readonly description?: string | null;
  readonly includeDeferred?: boolean;
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
  if (typeof slots !== 'number') {
    throw new InvalidInputError(`${file}: pool "${name}" expects { "slots": <whole number> }.`);
  }
  if (description !== undefined && description !== null && typeof description !== 'string') {
    throw new InvalidInputError(`${file}: description of pool "${name}" expects a text.`);
  }
  if (includeDeferred !== undefined && typeof includeDeferred !== 'boolean') {
    throw new InvalidInputError(`${file}: includeDeferred of pool "${name}" expects true or false.`);
  }
  return {
    name,
    slots,
    ...(description === undefined ? {} : { description }),
    ...(includeDeferred === undefined ? {} : { includeDeferred }),
  };
}
