import { sql } from 'kysely';
import type { Dialect } from './dialect.ts';
import { MIGRATIONS, type Migration } from './migrations/migrations.ts';
import { DatabaseError } from './store-errors.ts';

/**
 * Brings the schema up to this release and says which steps ran. Each step is one transaction that first takes a lock and then
 * looks whether another process did the step meanwhile: several may call it at once, and one killed half-way left nothing behind.
 */
export async function migrate(
  dialect: Dialect,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<{ applied: readonly string[] }> {
  const applied: string[] = [];
  assertNotNewer(await appliedMigrations(dialect), migrations);
  for (const migration of migrations) {
    if (await applyOnce(dialect, migration)) applied.push(migration.name);
  }
  await dialect.keepPartitions(Date.now());
  return { applied };
}

/** The version handshake: throws in words when the schema is older or newer than this release. */
export async function assertMigrated(
  dialect: Dialect,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const applied = await appliedMigrations(dialect);
  assertNotNewer(applied, migrations);
  const missing = migrations.filter((migration) => !applied.has(migration.name));
  if (missing.length === 0) return;
  throw new DatabaseError(
    'schema_older',
    applied.size === 0
      ? 'The metadata database is empty. Run "tsflow db migrate" to create its tables.'
      : `The metadata database is older than this tsflow (missing: ${names(missing)}). Run "tsflow db migrate".`,
  );
}

function assertNotNewer(applied: ReadonlySet<string>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new DatabaseError(
    'schema_newer',
    `The metadata database was migrated by a newer tsflow (${unknown.join(', ')}). Upgrade this installation.`,
  );
}

function applyOnce(dialect: Dialect, migration: Migration): Promise<boolean> {
  return dialect.write(async (tx) => {
    await dialect.prepareMigration(tx);
    await sql`create table if not exists schema_migration (name text primary key, applied_at ${sql.raw(dialect.words.int)} not null)`.execute(
      tx,
    );
    const done = await sql`select 1 from schema_migration where name = ${migration.name}`.execute(tx);
    if (done.rows.length > 0) return false;
    for (const statement of migration.statements(dialect.words)) await sql.raw(statement).execute(tx);
    await sql`insert into schema_migration (name, applied_at) values (${migration.name}, ${Date.now()})`.execute(
      tx,
    );
    return true;
  });
}

async function appliedMigrations(dialect: Dialect): Promise<ReadonlySet<string>> {
  const found = await sql.raw(dialect.words.findMigrations).execute(dialect.db);
  if (found.rows.length === 0) return new Set();
  const { rows } = await sql<{ name: string }>`select name from schema_migration`.execute(dialect.db);
  return new Set(rows.map((row) => row.name));
}

const names = (migrations: readonly Migration[]) => migrations.map((migration) => migration.name).join(', ');
