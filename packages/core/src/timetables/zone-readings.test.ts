import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Zone } from './zone-readings.ts';

const at = (text: string) => Date.parse(`${text}Z`);
const iso = (instant: number) => new Date(instant).toISOString().slice(0, 16);

describe('the instant of a time on the wall clock', () => {
  it.each([
    // zone, wall, instant (UTC)
    ['Europe/Berlin', '2026-03-29T02:30', '2026-03-29T01:30'], // gap: becomes 03:30
    ['Europe/Berlin', '2026-10-25T02:30', '2026-10-25T01:30'], // twice: the second
    ['Europe/Berlin', '2026-10-25T03:00', '2026-10-25T02:00'],
    ['Australia/Lord_Howe', '2024-10-06T02:15', '2024-10-05T15:45'], // half an hour: becomes 02:45
    ['Africa/Cairo', '2024-04-26T00:00', '2024-04-25T22:00'], // midnight does not exist: 01:00
    ['Pacific/Apia', '2011-12-30T12:00', '2011-12-30T22:00'], // the day does not exist: noon of the 31st
    ['Pacific/Apia', '2011-12-31T12:00', '2011-12-30T22:00'],
    ['Africa/Monrovia', '1970-01-01T00:00', '1970-01-01T00:44'], // 44 min 30 s west
    ['UTC', '9999-12-31T23:59', '9999-12-31T23:59'],
  ])('%s %s is %sZ', (zone, wall, instant) => {
    expect(iso(Zone.named(zone).instantOf(at(wall)))).toBe(instant);
  });

  it.each([
    ['Atlantic/Azores', '2024-10-27', '2024-10-27T00:00'], // midnight comes twice: the first
    ['Africa/Cairo', '2024-04-26', '2024-04-25T22:00'],
    ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00'],
  ])('%s: the first moment of %s is %sZ', (zone, day, instant) => {
    expect(iso(Zone.named(zone).firstInstantFrom(at(`${day}T00:00`)))).toBe(instant);
  });
});

const zones = Intl.supportedValuesOf('timeZone');
const anyZone = fc.constantFrom(...zones);
const anyInstant = fc
  .integer({ min: Date.UTC(1972, 0, 1) / 60_000, max: Date.UTC(2060, 0, 1) / 60_000 })
  .map((minute) => minute * 60_000);

describe('in every zone', () => {
  it('shows what Intl shows', () => {
    fc.assert(
      fc.property(anyZone, anyInstant, (zone, instant) => {
        const format = new Intl.DateTimeFormat('sv-SE', {
          timeZone: zone,
          dateStyle: 'short',
          timeStyle: 'short',
        });
        expect(iso(Zone.named(zone).wallAt(instant)).replace('T', ' ')).toBe(format.format(instant));
      }),
      { numRuns: 200 },
    );
  });

  it('an instant comes back from its time on the wall clock, or the later one that shows the same', () => {
    fc.assert(
      fc.property(anyZone, anyInstant, (name, instant) => {
        const zone = Zone.named(name);
        const wall = zone.wallAt(instant);
        const back = zone.instantOf(wall);
        expect(back).toBeGreaterThanOrEqual(instant);
        expect(zone.wallAt(back)).toBe(wall);
      }),
      { numRuns: 200 },
    );
  });
});

it('a zone that does not exist is refused with the name that was probably meant', () => {
  expect(() => Zone.named('Asia/Tokio')).toThrow('Did you mean "Asia/Tokyo"?');
});
