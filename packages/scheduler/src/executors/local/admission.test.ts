import { expect, test } from 'vitest';
import type { Workload } from '../../task-api/protocol.ts';
import { Admission } from './admission.ts';
import { type Assignment, newAssignment } from './assignment.ts';

/** Submits so many of a kind, and gives the promises time to get their turn. */
async function submit(admission: Admission, count: number, kind: Workload['kind'] = 'execute') {
  const made = Array.from({ length: count }, (_, i) =>
    newAssignment({ kind, attemptId: i, grantNumber: 1 } as Workload),
  );
  for (const assignment of made) admission.submit(assignment, () => false);
  await new Promise(setImmediate);
  return made;
}

function admission(concurrency: number) {
  const begun: Assignment[] = [];
  return { begun, admission: new Admission(concurrency, (assignment) => begun.push(assignment)) };
}

test('as many begin as the limit says, in the order of their submission; each end lets one more', async () => {
  const { begun, admission: limited } = admission(2);
  const all = await submit(limited, 4);
  expect(begun).toEqual(all.slice(0, 2));
  limited.close(all[0]!);
  await new Promise(setImmediate);
  expect(begun).toEqual(all.slice(0, 3));
});

test('what was held while the limit was 0 begins as the new limit says, and not all at once', async () => {
  const { begun, admission: limited } = admission(6);
  limited.setConcurrency(0);
  const all = await submit(limited, 8);
  expect(begun).toEqual([]);
  limited.setConcurrency(1);
  for (let i = 0; i < all.length; i++) {
    await new Promise(setImmediate);
    expect(begun).toEqual(all.slice(0, i + 1));
    limited.close(all[i]!);
  }
});

test('a lowered limit lets nothing begin until as many have ended', async () => {
  const { begun, admission: limited } = admission(3);
  const all = await submit(limited, 5);
  limited.setConcurrency(1);
  for (const each of all.slice(0, 2)) limited.close(each);
  await new Promise(setImmediate);
  expect(begun).toHaveLength(3);
  limited.close(all[2]!);
  await new Promise(setImmediate);
  expect(begun).toEqual(all.slice(0, 4));
});

test.each([
  ['a kill', 'on_kill', 5],
  ['a callback', 'callback', 5],
] as const)('%s begins at once at the limit 0, and there is a place for it', async (_what, kind, places) => {
  const { begun, admission: limited } = admission(4);
  await submit(limited, 4);
  limited.setConcurrency(0);
  expect(limited.places).toBe(4);
  const [one] = await submit(limited, 1, kind);
  expect(begun).toContain(one);
  expect(limited.places).toBe(places);
});

test('one that is over before its turn takes no place', async () => {
  const { begun, admission: limited } = admission(1);
  const [first] = await submit(limited, 1);
  const cancelled = newAssignment({ kind: 'execute', attemptId: 8, grantNumber: 1 } as Workload);
  limited.submit(cancelled, () => true);
  const next = newAssignment({ kind: 'execute', attemptId: 9, grantNumber: 1 } as Workload);
  limited.submit(next, () => false);
  limited.close(first!);
  await new Promise(setImmediate);
  expect(begun).toEqual([first, next]);
});
