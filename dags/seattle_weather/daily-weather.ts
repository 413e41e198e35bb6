import { readFileSync } from 'node:fs';

/** One day as NOAA measured it in Seattle: precipitation in mm, temperatures in °C, wind in m/s. */
export interface DailyWeather {
  readonly date: string;
  readonly precipitation: number;
  readonly temp_max: number;
  readonly temp_min: number;
  readonly wind: number;
  readonly weather: string;
}

const read = new Map<string, ReadonlyMap<string, DailyWeather>>();

/** The days of a CSV file by date. Read once per process: a warm runner works through many days. */
export function readDays(file: string): ReadonlyMap<string, DailyWeather> {
  const known = read.get(file);
  if (known !== undefined) return known;
  const [, ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const days = new Map(lines.map(parseDay).map((day) => [day.date, day]));
  read.set(file, days);
  return days;
}

function parseDay(line: string): DailyWeather {
  const [date = '', precipitation, temp_max, temp_min, wind, weather = ''] = line.split(',');
  return {
    date,
    precipitation: Number(precipitation),
    temp_max: Number(temp_max),
    temp_min: Number(temp_min),
    wind: Number(wind),
    weather,
  };
}
