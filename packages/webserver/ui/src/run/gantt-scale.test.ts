import { describe, expect, it } from 'vitest';
import type { GanttSegment } from '../api/contract.ts';
import {
  barsOf,
  barsOfTask,
  panned,
  place,
  runSpan,
  stretchesOf,
  ticks,
  zoomed,
  zoomFromText,
  zoomToText,
} from './gantt-scale.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const run = { startDate: iso(1_000), queuedAt: iso(900), endDate: null };

function segment(over: Partial<GanttSegment>): GanttSegment {
  return {
    taskId: 't',
    mapPath: '',
    renderedMapIndex: null,
    attemptId: 'a',
    tryNumber: 1,
    state: 'running',
    queuedAt: iso(0),
    scheduledAt: null,
    infraNumber: 0,
    startDate: null,
    endDate: null,
    pauses: [],
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

describe('an attempt that was held', () => {
  const held = segment({
    queuedAt: iso(1_000),
    startDate: iso(2_000),
    endDate: iso(9_000),
    state: 'success',
    pauses: [
      { state: 'deferred', from: iso(3_000), to: iso(6_000) },
      { state: 'queued', from: iso(6_000), to: iso(7_000) },
    ],
  });
  const drawn = (bars: ReturnType<typeof barsOf>) =>
    bars.map(({ kind, state, from, to }) => `${kind} ${state} ${from}-${to}`);

  it('runs before and after, and waits for a slot when it may go on', () =>
    expect(drawn(barsOf(held, 20_000))).toEqual([
      'waiting queued 1000-2000',
      'running success 2000-3000',
      'held deferred 3000-6000',
      'waiting queued 6000-7000',
      'running success 7000-9000',
    ]));

  it('is held up to now while it still is', () =>
    expect(
      drawn(
        barsOf(
          segment({
            queuedAt: iso(0),
            startDate: iso(0),
            pauses: [{ state: 'up_for_reschedule', from: iso(1_000), to: null }],
          }),
          4_000,
        ),
      ),
    ).toEqual(['running running 0-1000', 'held up_for_reschedule 1000-4000']));

  it('waits for its next try after a failure', () => {
    const first = segment({ queuedAt: iso(0), startDate: iso(0), endDate: iso(10), state: 'failed' });
    const second = segment({ queuedAt: iso(50), startDate: iso(60), endDate: iso(70), state: 'success' });
    expect(drawn(barsOfTask([first, second], false, 100))).toEqual([
      'running failed 0-10',
      'held up_for_retry 10-50',
      'waiting queued 50-60',
      'running success 60-70',
    ]);
    expect(drawn(barsOfTask([first], true, 100)).at(-1)).toBe('held up_for_retry 10-100');
    expect(barsOfTask([first], false, 100)).toHaveLength(1);
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

describe('stretchesOf', () => {
  const ran = (from: number, to: number | null, state = 'success') =>
    segment({ state, queuedAt: iso(from), startDate: iso(from), endDate: to === null ? null : iso(to) });
  it.each([
    ['nothing ran', [segment({})], []],
    ['what overlaps is one', [ran(0, 20), ran(10, 15), ran(15, 30)], [['success', 0, 30]]],
    [
      'a gap stays a gap',
      [ran(50, 60), ran(0, 10)],
      [
        ['success', 0, 10],
        ['success', 50, 60],
      ],
    ],
    ['what still runs reaches now', [ran(0, null, 'running')], [['running', 0, 90]]],
    [
      'a failure lies on top',
      [ran(5, 6, 'failed'), ran(0, 10)],
      [
        ['success', 0, 10],
        ['failed', 5, 6],
      ],
    ],
  ])('%s', (_what, segments, expected) =>
    expect(stretchesOf(segments, 90).map(({ state, from, to }) => [state, from, to])).toEqual(expected),
  );
});
