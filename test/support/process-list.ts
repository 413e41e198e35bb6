import { readFileSync } from 'node:fs';

/** Whether a process lives; one that ended and was not yet waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2)[0]!);
  } catch {
    return false;
  }
}

/** When a process started, in ticks since the machine did. */
export function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
}

/** Resolves when a runner calls itself idle: its attempt is over. */
export async function untilIdle(pid: number): Promise<void> {
  while (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('tsflow-runner idle'))
    await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Resolves when none of `pids` lives. */
export async function untilGone(...pids: readonly number[]): Promise<void> {
  while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 10));
}
