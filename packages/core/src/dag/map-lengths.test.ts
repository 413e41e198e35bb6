import { describe, expect, it } from 'vitest';
import { DAG } from './dag.ts';
import { concat, expand, zip } from './expand.ts';
import { checkMapLengths } from './map-lengths.ts';
import { task } from './task.ts';
import { expandGroup } from './task-group.ts';

const five = [1, 2, 3, 4, 5];
const list = () => task('list', (): number[] => []).output;
const mapped = (name: string, over: Parameters<typeof expand>[0]) =>
  task(name, () => 1, { n: expand(over as number[]) });
const check = (body: () => void, max: number) => checkMapLengths(new DAG({ dagId: 'd' }, body), max);

describe('lists that are written in the file', () => {
  // biome-ignore format: a table
  const FITTING: readonly (readonly [what: string, body: () => void, most: number])[] = [
    // what                          body                                                                                    most that it makes for certain
    ['a list',                       () => void mapped('t', five),                                                           5],
    ['every combination',            () => void task('t', () => 1, { a: expand(five), b: expand([1, 2]) }),                  10],
    ['one after the other',          () => void mapped('t', concat(five, [6])),                                              6],
    ['a mapped list',                () => void task('t', () => 1, { n: expand(concat(five).map((n) => n * 2)) }),           5],
    ['a group',                      () => void expandGroup('g', { n: five }, () => { task('t', () => 1); }),                5],
    ['one, and what a task returns', () => void mapped('t', concat(five, list())),                                           5],
  ];
  it.each(FITTING)('%s: as many as fit, and not one more', (_what, body, most) => {
    expect(() => check(body, most)).not.toThrow();
    expect(() => check(body, most - 1)).toThrow('more than maxMapLength');
  });

  // biome-ignore format: a table
  const UNKNOWN: readonly (readonly [what: string, body: () => void])[] = [
    // what may turn out to be short is not refused
    ['side by side with a short one',   () => void mapped('t', zip(five, [1]))],
    ['side by side with an output',     () => void mapped('t', zip(five, list()))],
    ['crossed with an output',          () => void task('t', () => 1, { a: expand(five), b: expand(list()) })],
    ['filtered',                        () => void mapped('t', concat(five).filter((n) => n === 1))],
    ['not mapped over',                 () => void task('t', () => 1, { n: five })],
  ];
  it.each(UNKNOWN)('%s: known when it runs', (_what, body) => {
    expect(() => check(body, 1)).not.toThrow();
  });

  it('are refused with their task, their length and what to do', () => {
    const long = Array.from({ length: 1_025 }, (_, i) => i);
    expect(() => check(() => void mapped('load', long), 1_024)).toThrow(
      'Task "load" is mapped over a list of 1,025 elements. That is more than maxMapLength, 1,024: give each instance several elements, or raise TSFLOW_MAX_MAP_LENGTH.',
    );
    const crossed = () => void task('load', () => 1, { a: expand(five), b: expand([1, 2]) });
    expect(() => check(crossed, 9)).toThrow('every combination of lists of 5, 2 elements: 10 instances');
  });
});
