import { describe, expect, it } from 'vitest';
import { isLostRace, postgresFailure } from './postgres-failure.ts';

const state = (code: string) => Object.assign(new Error('said PostgreSQL'), { code });

describe('what PostgreSQL says', () => {
  it.each([
    [state('40001'), 'database_busy', true],
    [state('40P01'), 'database_busy', true],
    [state('57014'), 'database_busy', true],
    [state('55P03'), 'database_busy', true],
    [state('53100'), 'database_full', true],
    [state('53300'), 'database_unavailable', true],
    [state('57P01'), 'database_unavailable', true],
    [state('08006'), 'database_unavailable', true],
    [state('ECONNREFUSED'), 'database_unavailable', true],
    [state('EPIPE'), 'database_unavailable', true],
    [new Error('Connection terminated unexpectedly'), 'database_unavailable', true],
    [
      new Error('Client has encountered a connection error and is not queryable'),
      'database_unavailable',
      true,
    ],
    [new AggregateError([]), 'database_unavailable', true],
    [state('25006'), 'database_read_only', false],
    [state('XX001'), 'database_corrupt', false],
    [state('28P01'), 'database_refused', false],
    [state('3D000'), 'database_refused', false],
  ])('%o is %s', (error, code, isTransient) => {
    expect(postgresFailure(error)).toMatchObject({ code, isTransient, cause: error });
  });

  it.each([
    ['23505', 'conflict'],
    ['22021', 'content_refused'],
    ['22P02', 'content_refused'],
    ['23502', 'content_refused'],
    ['54000', 'content_refused'],
  ])('%s is about the content: %s', (code, expected) => {
    expect(postgresFailure(state(code))).toMatchObject({ code: expected });
  });

  it('leaves a mistake in a query as it is', () => {
    const mistake = state('42601');
    expect(postgresFailure(mistake)).toBe(mistake);
  });

  it('knows which transactions may pass when they are repeated', () => {
    expect(isLostRace(postgresFailure(state('40001')))).toBe(true);
    expect(isLostRace(postgresFailure(state('57014')))).toBe(false);
    expect(isLostRace(state('40P01'))).toBe(true);
  });
});
