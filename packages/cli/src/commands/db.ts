import { maskedDatabaseUrl } from '@tsflow/core/config';
import type { Command } from 'commander';
import { performHere } from '../command-context.ts';

export function register(program: Command): void {
  const db = program.command('db').description('migrate and check the metadata database');

  db.command('migrate')
    .description('bring the schema up to this release; safe to repeat, and from several machines at once')
    .action(
      performHere('installation', async (context) => {
        const config = await context.config();
        const { openProjectStoreAsIs } = await import('../compose/project.ts');
        await using store = await openProjectStoreAsIs(config);
        const { applied } = await store.migrate();
        const database = maskedDatabaseUrl(config.databaseUrl);
        context.out.result({ database, applied }, () =>
          applied.length === 0
            ? `${database} is up to date.`
            : `${database}: applied ${applied.map((name) => `\n  ${name}`).join('')}`,
        );
        return undefined;
      }),
    );

  db.command('check')
    .description('tell whether the database can be reached and has the schema of this release')
    .action(
      performHere('installation', async (context) => {
        const config = await context.config();
        const { openProjectStoreAsIs } = await import('../compose/project.ts');
        await using store = await openProjectStoreAsIs(config);
        await store.assertMigrated();
        const database = maskedDatabaseUrl(config.databaseUrl);
        context.out.result(
          { database, dialect: store.dialect, migrated: true },
          () => `${database} has the schema of this release.`,
        );
        return undefined;
      }),
    );
}
