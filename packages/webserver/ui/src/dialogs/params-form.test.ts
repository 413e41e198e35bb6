import { describe, expect, it } from 'vitest';
import { paramFields, paramProblems, parseConf } from './params-form.ts';

const fields = paramFields({
  type: 'object',
  required: ['station', 'mode'],
  properties: {
    station: { type: 'string', minLength: 3 },
    year: { type: 'integer', minimum: 2012, maximum: 2015 },
    mode: { enum: ['full', 'part'], default: 'part' },
    deep: { type: 'object' },
  },
});

describe('paramFields', () => {
  it('knows a field for each plain type, and JSON for the rest', () =>
    expect(fields.map(({ name, kind, isRequired }) => [name, kind, isRequired])).toEqual([
      ['station', 'text', true],
      ['year', 'integer', false],
      ['mode', 'choice', false],
      ['deep', 'json', false],
    ]));
  it('has none without a schema', () => expect(paramFields(null)).toEqual([]));
});

describe('paramProblems', () => {
  it.each([
    [{}, 'station', 'params.required'],
    [{ station: 'S' }, 'station', 'params.longer'],
    [{ station: 'SEA', year: 2012.5 }, 'year', 'params.integer'],
    [{ station: 'SEA', year: 2011 }, 'year', 'params.atLeast'],
    [{ station: 'SEA', year: 2016 }, 'year', 'params.atMost'],
  ])('%j: %s %s', (conf, name, key) => expect(paramProblems(fields, conf).get(name)?.key).toBe(key));
  it('is silent about what is right', () =>
    expect(paramProblems(fields, { station: 'SEA', year: 2013 }).size).toBe(0));
});

describe('parseConf', () => {
  it('takes an object, and nothing as an empty one', () => {
    expect(parseConf('{"a": 1}')).toEqual({ ok: true, conf: { a: 1 } });
    expect(parseConf(' ')).toEqual({ ok: true, conf: {} });
  });
  it('tells the place of a mistake', () =>
    expect(parseConf('{\n  "a": x\n}')).toMatchObject({ ok: false, line: 2, column: 8 }));
  it('refuses what is no object', () => expect(parseConf('[1]')).toMatchObject({ ok: false }));
});
