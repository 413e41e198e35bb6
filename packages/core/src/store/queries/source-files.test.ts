import { expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

const map = (sources: readonly string[], sourcesContent: readonly (string | null)[]) =>
  JSON.stringify({ version: 3, sources, sourcesContent, mappings: '' });

it('are those of the author: the DAG file first, then what it imports, then what it reads', () =>
  expect(
    sourceFiles('reports/daily.bundle.mjs', [
      { path: 'reports/daily.bundle.mjs', content: 'bundled' },
      {
        path: 'reports/daily.bundle.mjs.map',
        content: map(['../shared/owners.ts', '../../lib/x.ts', 'daily.ts'], ['owners', 'x', 'daily']),
      },
      { path: 'reports/query.sql', content: 'select 1' },
    ]),
  ).toEqual([
    { path: 'reports/daily.ts', content: 'daily' },
    { path: '../lib/x.ts', content: 'x' },
    { path: 'shared/owners.ts', content: 'owners' },
    { path: 'reports/query.sql', content: 'select 1' },
  ]));

it.each([
  ['no map', []],
  ['a map that is none', [{ path: 'a.bundle.mjs.map', content: '{' }]],
  ['a map without texts', [{ path: 'a.bundle.mjs.map', content: map(['a.ts'], [null]) }]],
])('are the bundle itself with %s', (_, maps) => {
  const stored = [{ path: 'a.bundle.mjs', content: 'bundled' }, ...maps];
  expect(sourceFiles('a.bundle.mjs', stored)).toEqual(stored);
});
