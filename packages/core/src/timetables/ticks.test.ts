import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextSlot, type Ticks, ticksBetween } from './ticks.ts';

/** A tick every ten. */
const tens: Ticks = {
  after: (instant) => (Math.floor(instant / 10) + 1) * 10,
  before: (instant) => (Math.ceil(instant / 10) - 1) * 10,
};
const date = (at: number | null) => (at === null ? null : new Date(at));

describe('which slot comes next', () => {
  it.each([
    // last, earliest, latest, catchup, now -> slot
    [null, null, null, false, 35, 40, 'nothing to go by: the next'],
    [null, null, null, true, 35, 40, 'nothing to go by: the next, also with catchup'],
    [null, 5, null, true, 35, 10, 'catchup: the first since startDate'],
    [null, 10, null, true, 35, 10, 'startDate is a tick itself'],
    [10, 5, null, true, 35, 20, 'catchup: one after the other'],
    [30, 5, null, true, 35, 40, 'catchup: nothing left to catch up'],
    [null, 5, null, false, 35, 30, 'the newest missed, also as the first one'],
    [10, 5, null, false, 35, 30, 'the newest missed after a pause'],
    [30, 5, null, false, 35, 40, 'none missed: the next'],
    [20, 5, null, false, 30, 30, 'due this very instant'],
    [null, 55, null, false, 35, 60, 'startDate lies ahead'],
    [null, 55, null, true, 35, 60, 'startDate lies ahead, with catchup'],
    [33, 5, null, false, 35, 40, 'last is no tick (a mark moved to now): the next'],
    [33, 5, null, true, 35, 40, 'the same with catchup'],
    [30, 5, 40, false, 35, 40, 'endDate is a tick itself'],
    [40, 5, 45, false, 42, null, 'after endDate there is none'],
    [10, 5, 25, false, 95, 20, 'the newest missed before endDate'],
    [20, 5, 25, true, 95, null, 'caught up to endDate'],
    [10, 55, null, true, 95, 60, 'startDate moved ahead of the last slot'],
  ])(
    'last %s, within [%s, %s], catchup %s, now %s: %s (%s)',
    (last, earliest, latest, catchup, now, slot, _why) => {
      const restriction = { earliest: date(earliest), latest: date(latest), catchup, now: new Date(now) };
      expect(nextSlot(tens, date(last), restriction, now)).toBe(slot);
    },
  );
});

it('a range includes both ends and is lazy', () => {
  expect([...ticksBetween(tens, 10, 30)]).toEqual([10, 20, 30]);
  expect([...ticksBetween(tens, 11, 29)]).toEqual([20]);
  expect(ticksBetween(tens, 0, Number.POSITIVE_INFINITY).next().value).toBe(0);
});

it('with catchup, asking again and again gives the ticks of the range: none lost, none twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), (start, length) => {
      const now = start + length;
      const restriction = { earliest: new Date(start), latest: null, catchup: true, now: new Date(now) };
      const slots: number[] = [];
      for (let slot = nextSlot(tens, null, restriction, now); slot !== null && slot <= now; ) {
        slots.push(slot);
        slot = nextSlot(tens, new Date(slot), restriction, now);
      }
      expect(slots).toEqual([...ticksBetween(tens, start, now)]);
    }),
  );
});

it('without catchup there is at most one missed slot at any time, and it is the newest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), (last, pause) => {
      const now = last + pause;
      const restriction = { earliest: null, latest: null, catchup: false, now: new Date(now) };
      const slot = nextSlot(tens, new Date(last), restriction, now)!;
      expect(slot).toBeGreaterThan(last);
      if (slot <= now) expect(nextSlot(tens, new Date(slot), restriction, now)).toBeGreaterThan(now);
    }),
  );
});
