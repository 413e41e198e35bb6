import { type Connection, SqlSensor } from '@tsflow/core';
import { openStore } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { sensorContext } from '../support/sensor-context.ts';
import { createDatabase, DATABASES } from '../support/store.ts';

/** What one look of a SqlSensor says: the first value of the first row when it says yes, else nothing. */

describe.each(DATABASES)('SqlSensor on %s', (dialect) => {
  it('is satisfied by the first value that says yes', async () => {
    await using database = await createDatabase(dialect);
    await (await openStore(database.url)).close();
    const url = dialect === 'sqlite' ? null : new URL(database.url);
    const connection: Partial<Connection> =
      url === null
        ? { type: 'sqlite', schema: database.url.slice('sqlite:'.length) }
        : {
            type: 'postgres',
            host: url.searchParams.get('host') ?? url.hostname,
            port: url.port === '' ? null : Number(url.port),
            login: decodeURIComponent(url.username),
            password: decodeURIComponent(url.password),
            schema: url.pathname.slice(1),
          };
    const mark = dialect === 'sqlite' ? '$1' : '$1::int';
    const sensor = new SqlSensor({ taskId: 'sql', connectionId: 'db', sql: 'unused' });
    const look = (sql: string, parameters: readonly number[] = []) =>
      sensor.poke(sensorContext(connection), { connectionId: 'db', sql, parameters });
    expect(await look('select count(*) from pool')).toEqual(dialect === 'sqlite' ? 1 : '1');
    expect(await look('select count(*) from dag')).toBeNull();
    expect(await look('select null')).toBeNull();
    expect(await look(`select name from pool where slots = ${mark}`, [128])).toBe('default_pool');
    expect(await look(`select name from pool where slots = ${mark}`, [1])).toBeNull();
    await expect(look('select nothing from nowhere')).rejects.toThrow();
  });
});

it('SqlSensor says which types of connection it knows', async () => {
  const sensor = new SqlSensor({ taskId: 'sql', connectionId: 'db', sql: 'select 1' });
  const look = sensor.poke(sensorContext({ type: 'oracle' }), { connectionId: 'db', sql: 'select 1' });
  await expect(look).rejects.toThrow('spoken with postgres and sqlite');
});
