import { hostname } from 'node:os';
import { bootId, identityOf } from '@tsflow/scheduler/processes';
import { expect, it } from 'vitest';
import { seemsAlive } from './live-scheduler.ts';

const LEASE = 30_000;
const NOW = 1_000_000;
/** Higher than any that Linux gives. */
const NOBODY = 2 ** 22 + 1;
const self = { ...identityOf(process.pid), beatAt: NOW };

it.each<[what: string, row: Partial<typeof self>, alive: boolean]>([
  ['this very process', {}, true],
  ['one that has not beaten for a lease', { beatAt: NOW - LEASE }, false],
  ['one that is gone', { pid: NOBODY, pidStart: '1' }, false],
  ['one whose pid is that of a later process', { pidStart: '1' }, false],
  ['one that did not know when it started', { pidStart: '' }, true],
  ['one of another machine', { host: `not-${hostname()}`, pid: NOBODY }, true],
  ['one of another start or container of this machine', { bootId: `not-${bootId()}`, pid: NOBODY }, true],
])('%s', (_what, row, alive) => expect(seemsAlive({ ...self, ...row }, NOW, LEASE)).toBe(alive));
