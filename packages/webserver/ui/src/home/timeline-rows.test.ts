import { expect, it } from 'vitest';
import type { RunBar } from '../api/contract.ts';
import { timelineRows } from './timeline-rows.ts';

function run(state: RunBar['state'], hour: number): RunBar {
  const at = `2026-01-01T${String(hour).padStart(2, '0')}:00:00Z`;
  return { key: hour, runId: at, state, runType: 'scheduled', logicalDate: at, startDate: at, endDate: null };
}

it('puts what failed last on top, a failure that healed among the healthy', () => {
  const rows = timelineRows([
    { dagId: 'calm', runs: [run('success', 1)], planned: [] },
    { dagId: 'healed', runs: [run('failed', 1), run('success', 2)], planned: [] },
    { dagId: 'busy', runs: [run('running', 3)], planned: [] },
    { dagId: 'broken', runs: [run('failed', 3), run('success', 1)], planned: [] },
    { dagId: 'to_come', runs: [], planned: ['2026-01-02T00:00:00Z'] },
    { dagId: 'empty', runs: [], planned: [] },
  ]);
  expect(rows.map((row) => row.dagId)).toEqual(['broken', 'busy', 'healed', 'calm', 'to_come']);
});
