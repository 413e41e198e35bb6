import { expect, it } from 'vitest';
import type { Limit } from '../api/contract.ts';
import { draftedLimit, type LimitDraft, limitDraft, limitWords } from './limit-draft.ts';

const plan: Limit = { default: 4, windows: [{ cron: '0 22 * * *', for: '8h', value: 20 }], timezone: 'UTC' };

const LIMITS: readonly (readonly [limit: Limit, words: string])[] = [
  [8, '8'],
  [0, '0'],
  [-1, '-- -1'],
  [{ variable: 'db_slots', default: 4 }, 'variable:db_slots=4'],
  [{ variable: 'the slots', default: 4 }, "'variable:the slots=4'"],
  [plan, `'${JSON.stringify(plan)}'`],
];

it.each(LIMITS)('%j comes out of the form as it went in, and is said as the CLI does', (limit, words) => {
  expect(draftedLimit(limitDraft(limit))).toEqual(limit);
  expect(limitWords(limit).join(' ')).toBe(words);
});

const MISSING: readonly (readonly [what: string, change: Partial<LimitDraft>])[] = [
  ['no number', { kind: 'number', slots: 'many' }],
  ['nothing', { kind: 'number', slots: '' }],
  ['a negative number', { kind: 'number', slots: '-1' }],
  ['a Variable without a name', { kind: 'variable', variable: '' }],
  ['a Variable without a default', { kind: 'variable', variable: 'db_slots', fallback: '' }],
  ['no JSON', { kind: 'plan', plan: '{ "default": }' }],
  ['no plan', { kind: 'plan', plan: '{ "default": 4 }' }],
];

it.each(MISSING)('%s is not sent', (_what, change) =>
  expect(draftedLimit({ ...limitDraft(undefined), ...change })).toBeNull(),
);
