import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAG, openSql, SqlOperator } from '@tsflow/core';
import { parseConnection } from '@tsflow/core/connections';
import { returns, runDag, startDag } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';
import { lendPostgres } from '../support/postgres.ts';

/** `pg>` with its status table: what was committed is not run again when nobody heard of it. */
const insert = (exactlyOnce: boolean) =>
  new DAG({ dagId: 'once', defaultArgs: { retries: 2, retryDelay: '1m' } }, () => {
    new SqlOperator({
      taskId: 'insert',
      connectionId: 'db',
      sql: 'insert into sales values (1)',
      exactlyOnce,
    });
  });

/** Runs the statement, and dies before it can say so, as many times. */
const dies = (times: number) =>
  returns(async ({ call, real }) => {
    const result = await real();
    if (call <= times) throw new Error('died after its commit');
    return result;
  });

/** A database with an empty table of sales. */
async function openShop(dialect: 'sqlite' | 'postgres') {
  const folder = mkdtempSync(join(tmpdir(), 'tsflow-once-'));
  const lent = dialect === 'postgres' ? await lendPostgres('empty') : null;
  const db = parseConnection('db', lent?.url ?? `sqlite:///${folder}/shop.db`, 'test');
  const client = await openSql(db);
  await client.run('create table sales (n integer)');
  return {
    db,
    rows: async () => (await client.run('select n from sales')).rows.length,
    async [Symbol.asyncDispose]() {
      await client.close();
      await lent?.[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  // biome-ignore format: a table
  test.each([
    // exactlyOnce   deaths   rows
    [true,           0,       1],
    [true,           1,       1],
    [true,           2,       1],
    [false,          2,       3],
  ])('exactlyOnce %s, %i deaths: %i rows', async (exactlyOnce, deaths, rows) => {
    await using shop = await openShop(dialect);
    const run = await runDag(insert(exactlyOnce), { connections: { db: shop.db }, tasks: { insert: dies(deaths) } });
    run.assertSucceeded();
    expect(await shop.rows()).toBe(rows);
    if (exactlyOnce && deaths > 0) expect(run.output('insert')).toMatchObject({ alreadyDone: true });
  });

  test('clearing what succeeded runs it again: somebody asked for it', async () => {
    await using shop = await openShop(dialect);
    await using played = await startDag(insert(true), { connections: { db: shop.db } });
    const runId = await played.trigger();
    await played.finished(runId);
    await played.ask({ kind: 'clear', payload: { runId } });
    (await played.finished(runId)).assertSucceeded();
    expect(await shop.rows()).toBe(2);
  });
});
