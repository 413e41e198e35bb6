import { expect, it } from 'vitest';
import { scopeWords, sentScope, type TaskScope } from './task-scope.ts';

const CASES: readonly (readonly [scope: TaskScope, words: string])[] = [
  [{}, ''],
  [{ taskIds: ['load', "it's"], downstream: true }, `load 'it'\\''s' --downstream`],
  [{ taskIds: ['load'], mapPath: '3.0', upstream: false }, 'load --map-path 3.0'],
  [
    { from: 'clean', upTo: 'marts.stock', onlyFailed: true },
    '--from clean --up-to marts.stock --only-failed',
  ],
  [{ from: '', past: true, future: true, sameVersion: true }, '--past --future --same-version'],
];

it.each(CASES)('says %j as the CLI does', (scope, words) => expect(scopeWords(scope).join(' ')).toBe(words));

it('sends nothing that nobody chose', () =>
  expect(sentScope({ taskIds: ['a'], mapPath: undefined, from: '', past: false, future: true })).toEqual({
    taskIds: ['a'],
    future: true,
  }));
