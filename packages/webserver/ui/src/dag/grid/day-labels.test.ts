import { expect, it } from 'vitest';
import type { RunBar } from '../../api/contract.ts';
import { dayLabels } from './day-labels.ts';

const runs = ['01T00', '01T12', '02T00', '03T00', '04T00'].map(
  (at, key): RunBar => ({
    key,
    runId: at,
    state: 'success',
    runType: 'scheduled',
    logicalDate: `2026-01-${at}:00:00.000Z`,
    startDate: null,
    endDate: null,
  }),
);

it('labels the first run of each day', () => expect([...dayLabels(runs, 'UTC', 50)]).toEqual([0, 2, 3, 4]));

it('leaves a label out that would stand in the one before', () =>
  expect([...dayLabels(runs, 'UTC', 26)]).toEqual([0, 2, 4]));
