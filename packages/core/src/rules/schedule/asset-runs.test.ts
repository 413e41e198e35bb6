import { describe, expect, it } from 'vitest';
import { Asset, type AssetExpression, all, any } from '../../assets/index.ts';
import { type AssetArrival, assetRunInterval, assetRuns } from './asset-runs.ts';

const [a, b, c] = [new Asset('a'), new Asset('b'), new Asset('c')];

/** `a` or `a@monday`, in the order of their ids. */
function arrivals(words: string): AssetArrival[] {
  if (words === '') return [];
  return words.split(' ').map((word, index): AssetArrival => {
    const [asset, partition = null] = word.split('@') as [string, string?];
    return { eventId: index + 1, asset, partition, at: index + 1, interval: null };
  });
}

interface Row {
  readonly when: AssetExpression;
  readonly arrived: string;
  /** `partition: ids of its events`. */
  readonly runs: readonly string[];
}

const ROWS: readonly Row[] = [
  { when: a, arrived: '', runs: [] },
  { when: a, arrived: 'a', runs: ['null: 1'] },
  // Several events are one run, which lists all of them.
  { when: a, arrived: 'a a a', runs: ['null: 1 2 3'] },
  { when: all(a, b), arrived: 'a a', runs: [] },
  { when: all(a, b), arrived: 'a a b', runs: ['null: 1 2 3'] },
  { when: any(a, b), arrived: 'b', runs: ['null: 1'] },
  { when: a.or(b.and(c)), arrived: 'b', runs: [] },
  { when: a.or(b.and(c)), arrived: 'b c', runs: ['null: 1 2'] },
  // What has come of the other branch is part of the run too.
  { when: a.or(b.and(c)), arrived: 'b a', runs: ['null: 1 2'] },
  // Per partition, oldest group first.
  { when: a, arrived: 'a@tue a@mon', runs: ['tue: 1', 'mon: 2'] },
  { when: all(a, b), arrived: 'a@mon b@tue', runs: [] },
  { when: all(a, b), arrived: 'a@mon b@tue b@mon', runs: ['mon: 1 3'] },
  { when: all(a, b), arrived: 'a@mon a@tue b@tue b@mon', runs: ['mon: 1 4', 'tue: 2 3'] },
  // No partition is a group of its own.
  { when: all(a, b), arrived: 'a@mon b', runs: [] },
  { when: any(a, b), arrived: 'a@mon b', runs: ['mon: 1', 'null: 2'] },
];

describe('the runs that events make', () => {
  it.each(ROWS)('$arrived', ({ when, arrived, runs }) => {
    const made = assetRuns(when.condition, arrivals(arrived));
    expect(
      made.map(({ partition, events }) => `${partition}: ${events.map((e) => e.eventId).join(' ')}`),
    ).toEqual(runs);
  });

  it('counts events by their ids, in whatever order they came', () => {
    const [run] = assetRuns(a.condition, arrivals('a a a').reverse());
    expect(run!.events.map(({ eventId }) => eventId)).toEqual([1, 2, 3]);
  });
});

describe('the data interval of such a run', () => {
  it('holds those of the runs that brought its events about', () => {
    const events: AssetArrival[] = [
      { eventId: 1, asset: 'a', partition: null, at: 90, interval: { start: 10, end: 20 } },
      { eventId: 2, asset: 'b', partition: null, at: 91, interval: { start: 15, end: 40 } },
    ];
    expect(assetRunInterval(events)).toEqual({ start: new Date(10), end: new Date(40) });
  });

  it('is the instant of a posted one', () => {
    expect(assetRunInterval(arrivals('a'))).toEqual({ start: new Date(1), end: new Date(1) });
  });
});
