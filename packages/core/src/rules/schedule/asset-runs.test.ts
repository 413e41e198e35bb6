import { describe, expect, it } from 'vitest';
import { type AssetArrival, assetRunInterval } from './asset-runs.ts';

describe('the data interval of a run that events make', () => {
  it('holds those of the runs that brought its events about', () => {
    const events: AssetArrival[] = [
      { eventId: 1, asset: 'a', partition: null, at: 90, interval: { start: 10, end: 20 } },
      { eventId: 2, asset: 'b', partition: null, at: 91, interval: { start: 15, end: 40 } },
    ];
    expect(assetRunInterval(events)).toEqual({ start: new Date(10), end: new Date(40) });
  });

  it('is the instant of a posted one', () => {
    expect(assetRunInterval([{ eventId: 1, asset: 'a', partition: null, at: 7, interval: null }])).toEqual({
      start: new Date(7),
      end: new Date(7),
    });
  });
});
