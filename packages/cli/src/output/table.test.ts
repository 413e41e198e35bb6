import { describe, expect, it } from 'vitest';
import { formatCount, formatInstant, renderTable } from './table.ts';

describe('renderTable', () => {
  it('lines columns up, wide characters and colours too', () => {
    const rows = [
      { name: 'etl', n: 5, state: '\u001b[32msuccess\u001b[39m' },
      { name: '天気予報', n: 1461, state: 'failed' },
    ];
    const text = renderTable(rows, [
      { title: 'name', value: (row) => row.name },
      { title: 'n', value: (row) => row.n, align: 'right' },
      { title: 'state', value: (row) => row.state },
    ]);
    expect(text.split('\n')).toEqual([
      'name         n  state',
      'etl          5  \u001b[32msuccess\u001b[39m',
      '天気予報  1461  failed',
    ]);
  });

  it('keeps a cell on its line', () => {
    expect(renderTable([{ text: 'a\r\n  b' }], [{ title: 'x', value: (row) => row.text }])).toBe('x\na b');
  });
});

it.each([
  [0, '1970-01-01T00:00:00Z'],
  [1, '1970-01-01T00:00:00.001Z'],
  [null, ''],
])('formatInstant(%j)', (instant, expected) => {
  expect(formatInstant(instant)).toBe(expected);
});

it('formatCount', () => {
  expect(formatCount(1461)).toBe('1,461');
});
