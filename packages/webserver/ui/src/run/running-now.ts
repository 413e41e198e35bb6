import { useEffect, useState } from 'react';
import { serverNow } from '../clock/server-clock.ts';

const FAST_TICK_MS = 200;
const FAST_BELOW_MS = 120_000;

/** Now, five times a second while a short run goes on, every second for a long one, and not at all for what has ended. */
export function useRunningNow(isRunning: boolean, startDate: string | null): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!isRunning) return;
    const length = startDate ? serverNow() - Date.parse(startDate) : 0;
    const timer = setInterval(
      () => {
        if (!document.hidden) setNow(serverNow());
      },
      length < FAST_BELOW_MS ? FAST_TICK_MS : 1_000,
    );
    return () => clearInterval(timer);
  }, [isRunning, startDate]);
  return now;
}
