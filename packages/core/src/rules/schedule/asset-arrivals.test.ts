import { describe, expect, it } from 'vitest';
import { Asset, type AssetCondition, type AssetExpression, all, any } from '../../assets/index.ts';
import { AssetArrivals } from './asset-arrivals.ts';
import type { AssetArrival } from './asset-runs.ts';

const [a, b, c] = [new Asset('a'), new Asset('b'), new Asset('c')];

/** `a` or `a@monday`, in the order of their ids. */
function arrivals(words: string): AssetArrival[] {
  if (words === '') return [];
  return words.split(' ').map((word, index): AssetArrival => {
    const [asset, partition = null] = word.split('@') as [string, string?];
    return { eventId: index + 1, asset, partition, at: index + 1, interval: null };
  });
}

function waitingFor(when: AssetExpression, events: readonly AssetArrival[]): AssetArrivals {
  const waiting = new AssetArrivals();
  waiting.adopt(when.condition);
  for (const event of events) waiting.add(event);
  return waiting;
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
    const waiting = waitingFor(when, arrivals(arrived));
    expect(
      waiting
        .runs()
        .map(({ partition, events }) => `${partition}: ${events.map((e) => e.eventId).join(' ')}`),
    ).toEqual(runs);
  });

  it('counts events by their ids, in whatever order they came', () => {
    const [run] = waitingFor(a, arrivals('a a a').reverse()).runs();
    expect(run!.events.map(({ eventId }) => eventId)).toEqual([1, 2, 3]);
  });

  it('are the same when the condition is known after the events', () => {
    const waiting = new AssetArrivals();
    for (const event of arrivals('a@mon c@mon b@mon a@tue')) waiting.add(event);
    expect(waiting.adopt(all(a, b).condition).map(({ eventId }) => eventId)).toEqual([2]);
    expect(waiting.runs().map(({ events }) => events.map(({ eventId }) => eventId))).toEqual([[1, 3]]);
  });

  it('are made once: what a run has taken makes no other', () => {
    const waiting = waitingFor(all(a, b), arrivals('a b'));
    waiting.take(waiting.runs()[0]!.events);
    expect([waiting.runs(), waiting.isEmpty]).toEqual([[], true]);
    expect(waiting.add(arrivals('a')[0]!)).toBe(true);
    expect(waiting.runs()).toEqual([]);
  });

  it('let go what another condition does not name, and need all of it', () => {
    const waiting = waitingFor(all(a, b), arrivals('a@mon b@tue'));
    expect(waiting.adopt(b.condition).map(({ eventId }) => eventId)).toEqual([1]);
    expect(waiting.runs().map(({ partition }) => partition)).toEqual(['tue']);
    expect(waiting.adopt(null).map(({ eventId }) => eventId)).toEqual([2]);
    expect(waiting.isEmpty).toBe(true);
  });

  it('knows an event that came twice', () => {
    const waiting = waitingFor(a, arrivals('a'));
    expect(waiting.add(arrivals('a')[0]!)).toBe(false);
    expect(waiting.runs()[0]!.events).toHaveLength(1);
  });

  it('costs an event its own partition, and a second one of an asset nothing', () => {
    let asked = 0;
    const condition: AssetCondition = {
      all: ['a', 'b'].map((asset) => ({
        get asset() {
          asked += 1;
          return asset;
        },
      })),
    };
    const waiting = new AssetArrivals();
    waiting.adopt(condition);
    for (let day = 0; day < 1_000; day++)
      waiting.add({ eventId: day, asset: 'a', partition: `day ${day}`, at: day, interval: null });
    asked = 0;
    for (let id = 1_000; id < 2_000; id++) {
      waiting.add({ eventId: id, asset: 'a', partition: 'day 7', at: id, interval: null });
      expect(waiting.runs()).toEqual([]);
    }
    waiting.add({ eventId: 2_000, asset: 'b', partition: 'day 7', at: 2_000, interval: null });
    expect(waiting.runs().map(({ events }) => events.length)).toEqual([1_002]);
    // Once each for what the condition names.
    expect(asked).toBeLessThanOrEqual(4);
  });
});
