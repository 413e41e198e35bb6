import { describe, expect, it } from 'vitest';
import type { GanttSegment } from '../api/contract.ts';
import { barsOf, panned, place, runSpan, ticks, zoomed, zoomFromText, zoomToText } from './gantt-scale.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const run = { startDate: iso(1_000), queuedAt: iso(900), endDate: null };

function segment(over: Partial<GanttSegment>): GanttSegment {
  return {
    taskId: 't',
    mapPath: '',
    attemptId: 'a',
    tryNumber: 1,
    state: 'running',
    queuedAt: iso(0),
    scheduledAt: null,
    infraNumber: 0,
    startDate: null,
    endDate: null,
    ...over,
  };
}

describe('runSpan', () => {
  it('reaches now while the run goes on', () =>
    expect(runSpan([], run, 9_000)).toEqual({ from: 1_000, to: 9_160 }));
  it('is never empty, whatever the clocks say', () => {
    const span = runSpan([], { startDate: iso(5_000), queuedAt: null, endDate: iso(4_000) }, 5_000);
    expect(span.to).toBeGreaterThan(span.from);
  });
});

describe('barsOf', () => {
  it('draws waiting apart from running', () => {
    const bars = barsOf(
      segment({ queuedAt: iso(1_000), startDate: iso(2_000), endDate: iso(5_000), state: 'success' }),
      9_000,
    );
    expect(bars.map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ['waiting', 1_000, 2_000],
      ['running', 2_000, 5_000],
    ]);
  });
  it('lets both grow to now', () => {
    expect(barsOf(segment({ queuedAt: iso(1_000) }), 4_000)).toMatchObject([{ kind: 'waiting', to: 4_000 }]);
    expect(barsOf(segment({ queuedAt: iso(1_000), startDate: iso(1_000) }), 4_000)).toMatchObject([
      { kind: 'running', to: 4_000 },
    ]);
  });
  it('has no negative length when a clock stepped back', () => {
    for (const bar of barsOf(
      segment({ queuedAt: iso(3_000), startDate: iso(2_000), endDate: iso(1_000) }),
      0,
    ))
      expect(bar.to).toBeGreaterThanOrEqual(bar.from);
  });
});

describe('place', () => {
  it('clips at the edges and drops what lies outside', () => {
    expect(place({ from: 0, to: 50 }, { from: 25, to: 75 })).toEqual({ left: 0, width: 50 });
    expect(place({ from: 0, to: 10 }, { from: 25, to: 75 })).toBeNull();
  });
});

describe('zoom', () => {
  const whole = { from: 0, to: 1_000 };
  it('keeps the pivot in its place', () =>
    expect(zoomed(whole, whole, 0.5, 0.5)).toEqual({ from: 250, to: 750 }));
  it('does not leave the run', () => {
    expect(zoomed({ from: 0, to: 100 }, whole, 40, 0)).toEqual(whole);
    expect(panned({ from: 900, to: 1_000 }, whole, 3)).toEqual({ from: 900, to: 1_000 });
  });
  it('survives the URL', () => {
    const span = { from: 250, to: 750 };
    expect(zoomFromText(zoomToText(span, 100), whole, 100)).toEqual(span);
    expect(zoomFromText('nonsense', whole, 0)).toBe(whole);
  });
});

describe('ticks', () => {
  it.each([9, 90_000, 3_600_000, 400 * 86_400_000])('has at most ten for %d ms', (size) => {
    const { offsets } = ticks({ from: 7, to: 7 + size }, 7, 10);
    expect(offsets.length).toBeLessThanOrEqual(11);
    expect(offsets.length).toBeGreaterThan(1);
  });
});
