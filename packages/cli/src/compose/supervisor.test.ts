import { systemClock } from '@tsflow/core/clock';
import { ManualClock } from '@tsflow/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type ChildSpec, Supervisor } from './supervisor.ts';

/** Prints its pid and lives until its input ends or TERM comes. */
const LIVE = 'console.log("up", process.pid); process.stdin.on("end", () => process.exit()).resume();';
const DEAF = `process.on("SIGTERM", () => console.log("heard")); ${LIVE}`;

let supervisor: Supervisor | null = null;
afterEach(async () => {
  const left = supervisor;
  supervisor = null;
  // The third time kills.
  await Promise.all([left?.stop(), left?.stop(), left?.stop()]);
});

describe('Supervisor', () => {
  it('starts a child again that died, after a pause that grows', async () => {
    const { clock, lines, next } = await started([child('worker', LIVE)]);
    for (const pause of [0.5, 1, 2]) {
      const pid = Number((await next(/^up (\d+)/))[1]);
      await clock.advance(6_000);
      process.kill(pid, 'SIGKILL');
      expect((await next(/.*starts again.*/))[0]).toContain(`starts again in ${pause} s`);
      await clock.advance(pause * 1000);
    }
    await next(/^up/);
    expect(lines.filter((line) => line.startsWith('up'))).toHaveLength(4);
  });

  it('gives up on a child that cannot start', async () => {
    const { supervisor: failing } = await started([child('worker', 'process.exit(3)')]);
    await expect(failing.failed).rejects.toThrow('The worker did not start (exit code 3)');
  });

  it('stops with TERM, and kills who does not hear it after the grace', async () => {
    const { supervisor: running, clock, next } = await started([child('worker', DEAF)]);
    const pid = Number((await next(/^up (\d+)/))[1]);
    const stopped = running.stop();
    await next(/^heard/);
    expect(isAlive(pid)).toBe(true);
    await clock.advance(30_000);
    await stopped;
    expect(isAlive(pid)).toBe(false);
  });

  it('stops before it was started, and twice', async () => {
    supervisor = new Supervisor({
      children: [],
      clock: systemClock,
      stopGraceMs: 1,
      onLine: () => undefined,
    });
    await supervisor.stop();
    await supervisor.stop();
  });
});

async function started(children: readonly ChildSpec[]) {
  const clock = new ManualClock();
  const lines: string[] = [];
  let read = 0;
  let wake = (): void => undefined;
  supervisor = new Supervisor({
    children,
    clock,
    stopGraceMs: 30_000,
    onLine: (_name, line) => {
      lines.push(line);
      wake();
    },
  });
  await supervisor.start();
  return {
    supervisor,
    clock,
    lines,
    /** The next line, from where the last call ended, that fits. */
    async next(pattern: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        while (read < lines.length) {
          const found = pattern.exec(lines[read++]!);
          if (found !== null) return found;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function child(name: string, program: string): ChildSpec {
  return { name, command: process.execPath, args: ['-e', program], env: process.env };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
