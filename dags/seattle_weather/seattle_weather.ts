import { CronDataIntervalTimetable, chain, DAG, group, TaskFailed, task, Variable } from '@tsflow/core';
import { dataset } from '../shared/examples-home.ts';
import { type DailyWeather, readDays } from './daily-weather.ts';
import { aggregateMonth, daysOf, monthOf, replaceDay } from './weather-database.ts';

// Daily weather of Seattle, 2012 to 2015, measured by NOAA (public domain), as packaged in vega-datasets (BSD-3-Clause).
// A run is about one day: its data interval begins at that day, which is also its logical date.

/** Another file of the same form, for trying what the check does about a corrupted value. */
const csv = Variable.string('seattle_weather_csv', { default: '' });

/** What no thermometer, rain gauge or anemometer in Seattle can have shown. */
const PLAUSIBLE: Readonly<
  Record<'precipitation' | 'temp_max' | 'temp_min' | 'wind', readonly [number, number]>
> = {
  precipitation: [0, 200],
  temp_max: [-20, 50],
  temp_min: [-30, 40],
  wind: [0, 50],
};

export default new DAG(
  {
    dagId: 'seattle_weather',
    description:
      'Loads one day of weather, aggregates its month three ways, checks the data and publishes it',
    schedule: new CronDataIntervalTimetable('0 0 * * *'),
    endDate: '2015-12-31',
    pausedUponCreation: true,
    tags: ['example', 'sqlite'],
    owner: 'examples',
    doc: 'Try it: `tsflow backfill seattle_weather --start 2012-01-01 --end 2015-12-31 --unpause`',
  },
  () => {
    const extract = task('extract', async ({ dataInterval, variables, log }) => {
      const date = dataInterval.start.toISOString().slice(0, 10);
      const day = readDays((await variables.get(csv)) || dataset('seattle-weather.csv')).get(date);
      if (day === undefined)
        throw new TaskFailed(`There is no weather of ${date}: the data goes from 2012-01-01 to 2015-12-31.`);
      log.info(`${date}: ${day.weather}, ${day.temp_min} to ${day.temp_max} °C`);
      return day;
    });

    const load = task(
      'load',
      (_context, { day }) => {
        replaceDay(day);
        return monthName(day);
      },
      { day: extract.output },
    );

    const aggregates = group('aggregates', () => {
      const month = load.output;
      const sums = { days: 'count(*)', precipitation: 'sum(precipitation)' };
      const temperatures = { temp_max: 'avg(temp_max)', temp_min: 'avg(temp_min)' };
      task('precipitation', (_context, inputs) => aggregateMonth(inputs.month, sums), { month });
      task('temperature', (_context, inputs) => aggregateMonth(inputs.month, temperatures), { month });
      task('wind', (_context, inputs) => aggregateMonth(inputs.month, { wind: 'avg(wind)' }), { month });
    });

    const check = task(
      'check',
      ({ log }, { month }) => {
        const days = daysOf(month);
        const problems = days.flatMap(implausible);
        if (problems.length > 0)
          throw new TaskFailed(`Implausible data in ${month}: ${problems.join('; ')}.`);
        log.info(`${days.length} days of ${month} are plausible`);
      },
      { month: load.output },
    );

    const publish = task(
      'publish',
      ({ log }, { month }) => {
        const published = monthOf(month);
        log.info(`${month}: ${published.days} days`, { ...published });
        return published;
      },
      { month: load.output },
    );

    chain(aggregates, check, publish);
  },
);

const monthName = ({ date }: DailyWeather): string => date.slice(0, 7);

function implausible(day: DailyWeather): string[] {
  const columns = Object.keys(PLAUSIBLE) as (keyof typeof PLAUSIBLE)[];
  const outside = columns.filter(
    (column) => !(day[column] >= PLAUSIBLE[column][0] && day[column] <= PLAUSIBLE[column][1]),
  );
  const problems = outside.map((column) => `${column} of ${day.date} is ${day[column]}`);
  return day.temp_min > day.temp_max ? [...problems, `${day.date} is colder by day than by night`] : problems;
}
