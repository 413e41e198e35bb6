import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { identityOf, isProvedDead, type ProcessIdentity } from './process-table.ts';

/** A process that ran on this machine a moment ago. */
async function ended(): Promise<ProcessIdentity> {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const identity = identityOf(child.pid!);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return identity;
}

describe('a process is proved dead', () => {
  it('when it ran here and is gone', async () => {
    expect(isProvedDead(await ended())).toBe(true);
  });

  it('when its pid is that of a later process', () => {
    expect(isProvedDead({ ...identityOf(process.pid), pidStart: '1' })).toBe(true);
  });

  it('but not while it lives', () => {
    expect(isProvedDead(identityOf(process.pid))).toBe(false);
  });

  it.each([
    ['on another machine', { host: 'elsewhere' }],
    ['before this machine started, or on another of its name', { bootId: 'another/pid:[1]' }],
    ['in a PID namespace that nobody knows', { bootId: '' }],
    ['and nobody knows when it started', { pidStart: '' }],
  ])('nor when it ran %s', async (_, change) => {
    expect(isProvedDead({ ...(await ended()), ...change })).toBe(false);
  });
});
