import { describe, expect, test } from 'vitest';
import { XComValueError, xcomValue } from './xcom-value.ts';

const circle: Record<string, unknown> = {};
circle.self = { circle };

describe('xcomValue', () => {
  test.each([
    [undefined, undefined],
    [null, null],
    [true, true],
    [0, 0],
    ['', ''],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [
      [undefined, 1],
      [null, 1],
    ],
    [{ a: undefined, b: 1 }, { b: 1 }],
    [{ a: () => 1 }, {}],
    [new Map([[1, 2]]), {}],
    [{ toJSON: () => 'own' }, 'own'],
  ])('%j becomes %j', (value, expected) => {
    expect(xcomValue('key', value)).toEqual(expected);
  });

  test('"__proto__" stays a key and changes no prototype', () => {
    const value = xcomValue('key', JSON.parse('{"__proto__":{"admin":true}}'));
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect((value as { admin?: boolean }).admin).toBeUndefined();
  });

  test('is a copy: what the task changes later does not travel', () => {
    const rows = [1];
    const value = xcomValue('key', rows);
    rows.push(2);
    expect(value).toEqual([1]);
  });

  test.each<[string, unknown, string]>([
    ['NaN', Number.NaN, 'NaN is not JSON'],
    ['Infinity inside', { a: [Number.POSITIVE_INFINITY] }, 'Infinity (member "0") is not JSON'],
    ['BigInt', 1n, 'a BigInt is not JSON'],
    ['function', () => 1, 'a function is not JSON'],
    ['symbol', Symbol('x'), 'a symbol is not JSON'],
    ['cycle', circle, 'it refers to itself'],
    [
      'throwing toJSON',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
      'no',
    ],
  ])('refuses %s', (_name, value, message) => {
    expect(() => xcomValue('key', value)).toThrow(XComValueError);
    expect(() => xcomValue('key', value)).toThrow(message);
  });

  test('counts bytes of JSON, not characters', () => {
    expect(xcomValue('key', 'ä'.repeat(49), 100)).toHaveLength(49);
    expect(() => xcomValue('key', 'ä'.repeat(50), 100)).toThrow('102 bytes');
    expect(xcomValue('key', 'x'.repeat(98), 100)).toHaveLength(98);
  });
});
