import { expect, test } from 'vitest';
import type { Workload } from '../../task-api/protocol.ts';
import { AttemptDurations } from './attempt-durations.ts';

const workload = (taskId: string) => ({ kind: 'execute', dagId: 'etl', taskId }) as Workload;
const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);

test.each([
  ['nothing was seen', [], 'new', false],
  ['its last attempt was short', [5], 'seen', true],
  ['its last attempt was long', [1, 1, 6], 'seen', false],
  ['its last attempt was short, the one before long', [6, 1], 'seen', true],
  ['fifteen of others were short', times(15, 1), 'new', false],
  ['sixteen of others were short', times(16, 1), 'new', true],
  ['one of the last sixteen of others was long', [...times(20, 1), 6, ...times(15, 1)], 'new', false],
])('when %s', (_what, durationsMs, taskId, isShort) => {
  const durations = new AttemptDurations();
  for (const durationMs of durationsMs) durations.record(workload('seen'), durationMs);
  expect(durations.isShort(workload(taskId))).toBe(isShort);
});

test('what another scheduler handed out is not short: nobody here knows what it is', () => {
  expect(new AttemptDurations().isShort(null)).toBe(false);
});
