import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '@tsflow/core/clock';

const clocks = new AsyncLocalStorage<Clock>();
let installed = false;

/**
 * Runs `work` so that `Date` tells the time of `clock` in it and in everything it starts, and the machine's anywhere else: tests that
 * run at the same time do not see each other's clocks. Timers (`setTimeout`) stay real.
 */
export function withVirtualDate<T>(clock: Clock, work: () => T): T {
  install();
  return clocks.run(clock, work);
}

/** Replaces the global Date once per process by one that asks which clock holds here. */
function install(): void {
  if (installed) return;
  installed = true;
  const RealDate = globalThis.Date;
  const now = () => clocks.getStore()?.now() ?? RealDate.now();
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}
