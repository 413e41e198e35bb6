import { expect, test } from 'vitest';
import { FormHistory } from './form-history.ts';

const MINUTE = 60_000;

test('a few forms an hour are data, more are chance', () => {
  const history = new FormHistory();
  const looks = ['a', 'b', 'a', 'c', 'd', 'e'].map((form, i) =>
    history.note('x.ts', 'bundle', form, i * MINUTE),
  );
  expect(looks).toEqual([true, true, true, true, false, false]);
});

test('an edit begins anew, and so does an hour of quiet', () => {
  const history = new FormHistory();
  for (const form of ['a', 'b', 'c', 'd']) history.note('x.ts', 'bundle', form, 0);
  expect(history.note('x.ts', 'bundle', 'd', MINUTE)).toBe(false);
  expect(history.note('x.ts', 'edited', 'e', MINUTE)).toBe(true);
  for (const form of ['f', 'g', 'h', 'i']) history.note('x.ts', 'edited', form, MINUTE);
  expect(history.note('x.ts', 'edited', 'i', 70 * MINUTE)).toBe(true);
});

test('the same form for ever is fine', () => {
  const history = new FormHistory();
  for (let i = 0; i < 100; i++) expect(history.note('x.ts', 'bundle', 'a', i * MINUTE)).toBe(true);
});
