import { useSyncExternalStore } from 'react';

/** The server's present, as far as this browser knows it: its own clock, moved by what the server last told. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** Corrects {@link serverNow}. Half the round trip is not worth the trouble: the UI shows whole seconds. */
export function learnServerTime(iso: string): void {
  const at = Date.parse(iso);
  if (Number.isFinite(at)) offsetMs = at - Date.now();
}

/** Renders anew every second while the tab is seen. Milliseconds since the epoch, at whole seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => second);
}

let offsetMs = 0;
let second = wholeSecond();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function wholeSecond(): number {
  return Math.floor(serverNow() / 1_000) * 1_000;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function tick(): void {
  if (document.hidden) return;
  second = wholeSecond();
  for (const listener of listeners) listener();
}
