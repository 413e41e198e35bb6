import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../errors.ts';
import { parseInstant, parseRangeEnd, zonedDay } from './written-instant.ts';

describe('parseInstant', () => {
  it.each([
    ['2015-12-31', 'UTC', '2015-12-31T00:00:00.000Z'],
    ['2015-12-31', 'Asia/Tokyo', '2015-12-30T15:00:00.000Z'],
    ['2024-04-26', 'Africa/Cairo', '2024-04-25T22:00:00.000Z'], // begins at 01:00
    ['2015-12-31T03:00', 'Asia/Tokyo', '2015-12-30T18:00:00.000Z'],
    ['2015-12-31 03:00:05', 'Asia/Tokyo', '2015-12-30T18:00:05.000Z'],
    ['2015-12-31T03:00Z', 'Asia/Tokyo', '2015-12-31T03:00:00.000Z'],
    ['2015-12-31T03:00:00.123456Z', 'Asia/Tokyo', '2015-12-31T03:00:00.123Z'],
    ['2015-12-31T03:00+05:30', 'Asia/Tokyo', '2015-12-30T21:30:00.000Z'],
    ['2015-12-31T03:00-0800', 'Asia/Tokyo', '2015-12-31T11:00:00.000Z'],
    ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T01:30:00.000Z'],
  ])('%s in %s is %s', (text, zone, instant) => {
    expect(parseInstant(text, zone).toISOString()).toBe(instant);
  });

  it.each([
    ['yesterday', 'start: expected a date such as "2015-12-31"'],
    ['2015-1-1', 'expected a date'],
    ['2015-12-31Z', 'expected a date'],
    ['', 'got ""'],
    ['2015-02-29', '2015-02 has 28 days'],
    ['2015-13-01', 'there is no month 13'],
    ['2015-12-31T24:00', 'the time ends at 23:59:59'],
  ])('refuses %s: %s', (text, message) => {
    expect(() => parseInstant(text, 'UTC', 'start')).toThrow(InvalidInputError);
    expect(() => parseInstant(text, 'UTC', 'start')).toThrow(message);
  });
});

describe('parseRangeEnd', () => {
  it.each([
    ['2015-12-31', 'UTC', '2015-12-31T23:59:59.999Z'],
    ['2015-12-31', 'Asia/Tokyo', '2015-12-31T14:59:59.999Z'],
    ['2026-03-29', 'Europe/Berlin', '2026-03-29T21:59:59.999Z'], // a day of 23 hours
    ['2024-10-26', 'Atlantic/Azores', '2024-10-26T23:59:59.999Z'], // the next day has midnight twice
    ['2015-12-31T03:00', 'Asia/Tokyo', '2015-12-30T18:00:00.000Z'],
  ])('%s in %s ends at %s', (text, zone, instant) => {
    expect(parseRangeEnd(text, zone).toISOString()).toBe(instant);
  });
});

it.each([
  ['2015-12-31T15:00:00Z', 'Asia/Tokyo', '2016-01-01'],
  ['2015-12-31T14:59:59Z', 'Asia/Tokyo', '2015-12-31'],
  ['2026-01-01T04:59:59Z', 'America/New_York', '2025-12-31'],
])('%s in %s is the day %s', (instant, zone, day) => {
  expect(zonedDay(new Date(instant), zone)).toBe(day);
});
