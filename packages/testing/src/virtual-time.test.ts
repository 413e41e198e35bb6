import { expect, test } from 'vitest';
import { VirtualTime } from './virtual-time.ts';

const START = Date.UTC(2026, 0, 1);

/** Time under a scheduler that is idle at once, with what runs as the test says. */
function begin() {
  const state = { running: 0, nextDue: null as number | null };
  const time: VirtualTime = new VirtualTime(new Date(START), {
    running: () => state.running,
    ping: () => time.becameIdle(state.nextDue),
  });
  return { time, state };
}

// biome-ignore format: a table
test.each<[string, number | null, number | null, number | null, number | null]>([
  // what                  the scheduler   somebody sleeps   a limit   next
  ['nothing',              null,           null,             null,     null],
  ['the scheduler',        30,             null,             null,     30],
  ['who sleeps',           30,             20,               null,     20],
  ['a limit',              30,             20,               10,       10],
])('leaps to what is due first: %s', (_what, due, sleep, limit, next) => {
  const { time, state } = begin();
  if (due !== null) state.nextDue = START + due;
  if (sleep !== null) void time.pass(sleep, new AbortController().signal);
  if (limit !== null) time.attemptClock().setTimer(limit, () => undefined);
  time.wake('intents');
  expect(time.next()).toBe(next === null ? null : START + next);
});

test('a limit that is taken back is due no more', () => {
  const { time } = begin();
  time
    .attemptClock()
    .setTimer(10, () => undefined)
    .cancel();
  expect(time.next()).toBe(null);
});

test('stands still while an attempt runs that does not sleep', async () => {
  const { time, state } = begin();
  state.running = 1;
  time.wake('intents');
  let isSettled = false;
  const settled = time.settled().then(() => {
    isSettled = true;
  });
  await Promise.resolve();
  expect(isSettled).toBe(false);
  const slept = time.pass(60_000, new AbortController().signal);
  await settled;
  const done = slept.then(() => time.now() - START);
  await time.leap(START + 60_000);
  expect(await done).toBe(60_000);
});

test('wakes who sleeps when it has to end, with the reason', async () => {
  const { time } = begin();
  const controller = new AbortController();
  const slept = time.pass(60_000, controller.signal);
  controller.abort(new Error('killed'));
  await expect(slept).rejects.toThrow('killed');
  expect(time.next()).toBe(null);
});

test('tells whoever waits what went wrong', async () => {
  const { time } = begin();
  const settled = time.settled();
  time.fail(new Error('the turn failed'));
  await expect(settled).rejects.toThrow('the turn failed');
});
