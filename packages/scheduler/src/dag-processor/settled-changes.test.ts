import { expect, test } from 'vitest';
import { SettledChanges } from './settled-changes.ts';

const look = (changes: SettledChanges, signature: string | null, now: number) =>
  changes.observe(new Map([['a.ts', signature]]), now);

test('a file is reported once it has rested', () => {
  const changes = new SettledChanges();
  expect(look(changes, 'v1', 0)).toEqual({ changed: [], lookAgainMs: 100 });
  expect(look(changes, 'v1', 60)).toEqual({ changed: [], lookAgainMs: 40 });
  expect(look(changes, 'v1', 100)).toEqual({ changed: ['a.ts'], lookAgainMs: null });
  expect(look(changes, 'v1', 200)).toEqual({ changed: [], lookAgainMs: null });
});

test('each half that is written starts the wait again', () => {
  const changes = new SettledChanges();
  look(changes, 'half', 0);
  expect(look(changes, 'whole', 90).changed).toEqual([]);
  expect(look(changes, 'whole', 150).changed).toEqual([]);
  expect(look(changes, 'whole', 190).changed).toEqual(['a.ts']);
});

test('a file that is away for less than two seconds was never gone', () => {
  const changes = new SettledChanges();
  look(changes, 'v1', 0);
  look(changes, 'v1', 100);
  expect(look(changes, null, 1_000)).toEqual({ changed: [], lookAgainMs: 2_000 });
  expect(look(changes, 'v1', 2_900)).toEqual({ changed: [], lookAgainMs: null });
  expect(look(changes, null, 3_000).changed).toEqual([]);
  expect(look(changes, null, 5_000).changed).toEqual(['a.ts']);
});
