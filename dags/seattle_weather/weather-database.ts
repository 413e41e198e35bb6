import Database from 'better-sqlite3';
import { exampleFile } from '../shared/examples-home.ts';
import type { DailyWeather } from './daily-weather.ts';

const SCHEMA = `
  create table if not exists daily (
    date text primary key, precipitation real, temp_max real, temp_min real, wind real, weather text
  );
  create table if not exists monthly (
    month text primary key, days integer, precipitation real, temp_max real, temp_min real, wind real
  );`;

let database: Database.Database | undefined;

/** The database that the example publishes to; opened once per process. */
function open(): Database.Database {
  if (database === undefined) {
    database = new Database(exampleFile('seattle_weather.db'), { timeout: 20_000 });
    database.pragma('journal_mode = wal');
    database.pragma('synchronous = normal');
    database.exec(SCHEMA);
  }
  return database;
}

/** Replaces the partition of one day: running it twice leaves one copy. */
export function replaceDay(day: DailyWeather): void {
  open()
    .prepare(
      'insert or replace into daily values (@date, @precipitation, @temp_max, @temp_min, @wind, @weather)',
    )
    .run(day);
}

/** Aggregates of a month out of its days, written to the columns of the same names. One statement, so it is never half done. */
export function aggregateMonth(month: string, columns: Readonly<Record<string, string>>): void {
  const names = Object.keys(columns);
  const values = Object.values(columns);
  open()
    .prepare(
      `insert into monthly (month, ${names.join(', ')})
       select @month, ${values.join(', ')} from daily where date between @month || '-01' and @month || '-31'
       on conflict (month) do update set ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    )
    .run({ month });
}

export function daysOf(month: string): readonly DailyWeather[] {
  return open()
    .prepare(`select * from daily where date between @month || '-01' and @month || '-31' order by date`)
    .all({ month }) as DailyWeather[];
}

export interface MonthlyWeather extends Omit<DailyWeather, 'date' | 'weather'> {
  readonly month: string;
  readonly days: number;
}

export function monthOf(month: string): MonthlyWeather {
  return open().prepare('select * from monthly where month = ?').get(month) as MonthlyWeather;
}
