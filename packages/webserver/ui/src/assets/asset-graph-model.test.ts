import { describe, expect, it } from 'vitest';
import type { Asset } from '../api/contract.ts';
import { type Freshness, freshnessOf } from './asset-freshness.ts';
import { assetGraph } from './asset-graph-model.ts';

const asset = (name: string, of: Partial<Asset>): Asset => ({
  name,
  uri: null,
  description: null,
  freshnessMs: null,
  lastEventAt: null,
  expectedAt: null,
  isStale: false,
  producers: [],
  consumers: [],
  sensors: [],
  ...of,
});

describe('assetGraph', () => {
  it('goes from DAG to asset to DAG, once each, and tells waiting from being scheduled', () => {
    const graph = assetGraph([
      asset('orders', {
        producers: [
          { dagId: 'load', taskId: 'a' },
          { dagId: 'load', taskId: 'b' },
        ],
        consumers: ['report'],
        sensors: [
          { dagId: 'report', taskId: 'wait' },
          { dagId: 'audit', taskId: 'wait' },
        ],
      }),
      asset('mart', { producers: [{ dagId: 'report', taskId: 'write' }] }),
    ])!;
    expect(graph.edges.map(({ id }) => id)).toEqual([
      'dag:load>asset:orders',
      'asset:orders>dag:report',
      'asset:orders>dag:audit',
      'dag:report>asset:mart',
    ]);
    expect([...graph.waits]).toEqual(['asset:orders>dag:audit']);
    expect(graph.nodes).toHaveLength(5);
  });

  it('is none when there is nothing, or too much to see', () => {
    expect(assetGraph([])).toBeNull();
    expect(assetGraph(Array.from({ length: 151 }, (_, i) => asset(`a${i}`, {})))).toBeNull();
  });
});

const LAST = '2026-01-01T00:00:00Z';
const DUE = '2026-01-01T01:00:00Z';
const CASES: readonly (readonly [of: Partial<Asset>, now: string, is: Freshness])[] = [
  [{}, DUE, 'unset'],
  [{ lastEventAt: LAST }, DUE, 'unset'],
  [{ freshnessMs: 3_600_000 }, DUE, 'never'],
  [{ freshnessMs: 3_600_000, lastEventAt: LAST, expectedAt: DUE }, DUE, 'fresh'],
  [{ freshnessMs: 3_600_000, lastEventAt: LAST, expectedAt: DUE }, '2026-01-01T01:00:01Z', 'stale'],
];

it.each(CASES)('%j is at %s %s', (of, now, is) =>
  expect(freshnessOf(asset('a', of), Date.parse(now))).toBe(is),
);
