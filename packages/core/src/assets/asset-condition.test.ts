import { describe, expect, it } from 'vitest';
import { Asset, type AssetExpression, all, any } from './asset.ts';
import { assetsIn, conditionHolds, describeCondition } from './asset-condition.ts';

const [a, b, c] = [new Asset('a'), new Asset('b'), new Asset('c')];

/** Which of the eight sets of updated assets satisfy the condition: each is written as the letters in it. */
const ROWS: readonly [AssetExpression, words: string, holds: readonly string[]][] = [
  [a, 'a', ['a', 'ab', 'ac', 'abc']],
  [any(a, b), 'a or b', ['a', 'b', 'ab', 'ac', 'bc', 'abc']],
  [all(a, b), 'a and b', ['ab', 'abc']],
  [a.or(b.and(c)), 'a or (b and c)', ['a', 'ab', 'ac', 'bc', 'abc']],
  [a.and(b.or(c)), 'a and (b or c)', ['ab', 'ac', 'abc']],
  [any(a, all(b, c)), 'a or (b and c)', ['a', 'ab', 'ac', 'bc', 'abc']],
  [all(any(a, b), any(b, c)), '(a or b) and (b or c)', ['b', 'ab', 'ac', 'bc', 'abc']],
  [all(a, b, c), 'a and b and c', ['abc']],
  // The same asset twice is one asset.
  [a.and(a), 'a and a', ['a', 'ab', 'ac', 'abc']],
];

const SUBSETS = ['', 'a', 'b', 'c', 'ab', 'ac', 'bc', 'abc'];

describe('a condition over assets', () => {
  it.each(ROWS)('%#: %2$s', (expression, words, holds) => {
    const holding = SUBSETS.filter((set) => conditionHolds(expression.condition, new Set(set)));
    expect(holding).toEqual(holds);
    expect(describeCondition(expression.condition)).toBe(words);
  });

  it.each(ROWS)('%#: names each asset once', (expression) => {
    expect(assetsIn(expression.condition)).toEqual(expression.assets.map(({ name }) => name));
  });
});

describe('an asset', () => {
  it.each([
    ['orders', null],
    ['s3://shop/orders/', 's3://shop/orders/'],
    ['table of orders', null],
    ['注文', null],
  ])('%s has the URI %s', (name, uri) => {
    expect(new Asset(name)).toMatchObject({ name, uri });
  });

  it.each(['', ' ', ' a', 'a ', 'a\nb', 'x'.repeat(1_001)])('cannot be called %j', (name) => {
    expect(() => new Asset(name)).toThrow('An asset needs a name');
  });

  it('says what is wrong with its freshness', () => {
    expect(() => new Asset('orders', { freshness: 'soon' })).toThrow('Asset "orders": freshness');
  });

  it('refuses conditions over nothing', () => {
    expect(() => any()).toThrow('any(…) expects assets');
  });
});
