import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Claims } from './claims.ts';

function home(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tsflow-claims-'));
  mkdirSync(join(folder, 'scratch'));
  return folder;
}

/** A runner of its own process that claims ticket after ticket as fast as it can, and says at the end which of them it got. */
const RUNNER = `
import { Claims } from ${JSON.stringify(new URL('../../dist/task-api/claims.js', import.meta.url).href)};
const [folder, count] = process.argv.slice(2);
const claims = Claims.open(folder, 'runner-1');
const got = [];
process.send('ready');
process.once('message', () => {
  for (let ticket = 1; ticket <= Number(count); ticket++) if (claims.claim(ticket)) got.push(ticket);
  process.send(got, () => process.exit(0));
});
`;

describe('claims of grants', () => {
  test('one that was taken back is not claimed, and one that comes later is', () => {
    const folder = home();
    const scheduler = Claims.create(folder, 'runner-1');
    const runner = Claims.open(folder, 'runner-1');
    expect(runner.claim(1)).toBe(true);
    expect(scheduler.revoke(3)).toBe(1);
    expect([2, 3, 4].map((ticket) => runner.claim(ticket))).toEqual([false, false, true]);
    scheduler.close();
    runner.close();
  });

  test('a runner without a file of its scheduler is refused, and none is made twice', () => {
    const folder = home();
    expect(() => Claims.open(folder, 'runner-1')).toThrow('ENOENT');
    Claims.create(folder, 'runner-1').close();
    expect(() => Claims.create(folder, 'runner-1')).toThrow('EEXIST');
    Claims.remove(folder, 'runner-1');
    expect(() => Claims.open(folder, 'runner-1')).toThrow('ENOENT');
  });

  test('nothing is both begun and taken back, however two processes meet', async () => {
    const count = 100_000;
    const folder = home();
    const scheduler = Claims.create(folder, 'runner-1');
    const main = join(folder, 'runner.mjs');
    writeFileSync(main, RUNNER);
    const runner = fork(main, [folder, String(count)]);
    await once(runner, 'message');
    const ended = once(runner, 'message');
    runner.send('go');
    const takenBack = new Set<number>();
    let newest = 0;
    // A few tickets ahead of what was claimed last, as a scheduler has granted them.
    for (let claimed = 0, round = 0; claimed < count - 8; round++) {
      const upTo = Math.max(newest, claimed + (round % 8));
      claimed = scheduler.revoke(upTo);
      for (let ticket = Math.max(claimed, newest) + 1; ticket <= upTo; ticket++) takenBack.add(ticket);
      newest = Math.max(newest, upTo);
    }
    const [begun] = (await ended) as [readonly number[]];
    expect(begun.filter((ticket) => takenBack.has(ticket))).toEqual([]);
    // They did meet: both sides had their way many times.
    expect(begun.length).toBeGreaterThan(100);
    expect(takenBack.size).toBeGreaterThan(100);
    scheduler.close();
  });
});
