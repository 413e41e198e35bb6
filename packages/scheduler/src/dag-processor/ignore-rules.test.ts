import { expect, test } from 'vitest';
import { parseIgnoreRules } from './ignore-rules.ts';

test.each([
  // pattern, path, folder?, ignored
  ['draft.ts', 'draft.ts', false, true],
  ['draft.ts', 'team/draft.ts', false, true],
  ['/draft.ts', 'team/draft.ts', false, false],
  ['*.old.ts', 'a.old.ts', false, true],
  ['*.old.ts', 'a.ts', false, false],
  ['lib/', 'lib', true, true],
  ['lib/', 'lib', false, false],
  ['team/*.ts', 'team/a.ts', false, true],
  ['team/*.ts', 'team/sub/a.ts', false, false],
  ['team/**', 'team/sub/a.ts', false, true],
  ['**/tmp', 'a/b/tmp', true, true],
  ['a?.ts', 'ab.ts', false, true],
  ['# draft.ts', 'draft.ts', false, false],
])('%s on %s', (pattern, path, isFolder, ignored) => {
  expect(parseIgnoreRules(pattern)(path, isFolder)).toBe(ignored);
});

test('the last pattern that matches decides', () => {
  const ignored = parseIgnoreRules('*.ts\n!keep.ts\n');
  expect(ignored('a.ts', false)).toBe(true);
  expect(ignored('keep.ts', false)).toBe(false);
});
