import { expect, it } from 'vitest';
import { type CloudError, classifyError, type ErrorClass } from './classify.ts';

const TABLE: readonly (readonly [string, CloudError, ErrorClass])[] = [
  ['a reset connection', { code: 'ECONNRESET' }, 'transport'],
  ['a gateway that gave up', { code: 504 }, 'transport'],
  ['a hung up socket', { message: 'socket hang up' }, 'transport'],
  ['429', { code: 429 }, 'throttled'],
  ['a 403 that is a rate limit', { code: 403, errors: [{ reason: 'rateLimitExceeded' }] }, 'throttled'],
  ['rate limits in words', { message: 'Job exceeded rate limits: try later' }, 'throttled'],
  ['a backend error of the job', { code: 500, errors: [{ reason: 'backendError' }] }, 'server'],
  ['the daily quota', { code: 403, errors: [{ reason: 'quotaExceeded' }] }, 'quota'],
  ['a cost cap', { reason: 'bytesBilledLimitExceeded' }, 'quota'],
  ['an expired token', { code: 401 }, 'credentials'],
  ['a job cancelled outside', { reason: 'stopped' }, 'cancelled'],
  ['a bad query', { code: 400, errors: [{ reason: 'invalidQuery' }] }, 'user'],
  ['something unknown', {}, 'user'],
];

it.each(TABLE)('%s', (_name, error, expected) => {
  expect(classifyError(error)).toBe(expected);
});
