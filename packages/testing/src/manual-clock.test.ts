import { expect, it } from 'vitest';
import { ManualClock } from './manual-clock.ts';

it('fires timers in order, each at its own instant, also those set meanwhile', async () => {
  const clock = new ManualClock('2026-03-29T00:00:00Z');
  const fired: [string, string][] = [];
  const fire = (name: string) => fired.push([name, new Date(clock.now()).toISOString()]);
  clock.setTimer(2_000, () => fire('second'));
  clock.setTimer(1_000, () => {
    fire('first');
    clock.setTimer(500, () => fire('between'));
  });
  clock.setTimer(9_000, () => fire('later'));
  await clock.advance(3_000);
  expect(fired).toEqual([
    ['first', '2026-03-29T00:00:01.000Z'],
    ['between', '2026-03-29T00:00:01.500Z'],
    ['second', '2026-03-29T00:00:02.000Z'],
  ]);
  expect(clock.pendingTimers).toBe(1);
});

it('keeps timers and monotonic time when the wall clock jumps', async () => {
  const clock = new ManualClock();
  let fired = false;
  clock
    .setTimer(1_000, () => {
      fired = true;
    })
    .cancel();
  clock.jump('2036-01-01T00:00:00Z');
  await clock.advance(1_000);
  expect(fired).toBe(false);
  expect(clock.monotonic()).toBe(1_000);
  expect(new Date(clock.now()).getUTCFullYear()).toBe(2036);
});

it('leaps over a stretch: what fell due in it fires late, in order, and time never goes back', async () => {
  const clock = new ManualClock('2026-01-01T00:00:00Z');
  const fired: string[] = [];
  const fire = (name: string) => fired.push(`${name} ${new Date(clock.now()).toISOString()}`);
  clock.setTimer(2_000, () => fire('second'));
  clock.setTimer(1_000, () => {
    fire('first');
    clock.setTimer(1_000, () => fire('set meanwhile'));
  });
  await clock.leapTo(Date.parse('2026-01-02T00:00:00Z'));
  expect(fired).toEqual(['first 2026-01-02T00:00:00.000Z', 'second 2026-01-02T00:00:00.000Z']);
  await clock.leapTo(Date.parse('2025-01-01T00:00:00Z'));
  expect(clock.now()).toBe(Date.parse('2026-01-02T00:00:00Z'));
});
