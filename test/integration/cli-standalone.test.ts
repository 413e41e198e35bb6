import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { InstalledProject } from '../support/installed-project.ts';
import { untilGone } from '../support/process-list.ts';

const DAGS = {
  'dags/hello.ts': `
import { setTimeout } from 'node:timers/promises';
import { BashOperator, DAG, task, Variable } from '@tsflow/core';

const isMorning = Variable.string('is_morning', { default: 'no' });

export default new DAG({ dagId: 'hello', schedule: '@daily', startDate: '2026-01-01' }, () => {
  task('greet', ({ log }) => log.info('hello'));
});
export const naps = new DAG({ dagId: 'naps', schedule: '@daily', startDate: '2026-01-01', pausedUponCreation: true }, () => {
  task('nap', async ({ variables }) => {
    while ((await variables.get(isMorning)) !== 'yes') await setTimeout(100);
  });
});
export const slow = new DAG({ dagId: 'slow', schedule: null }, () => {
  new BashOperator({ taskId: 'sleep', command: 'echo began; sleep 600' });
});
`,
};

let project: InstalledProject;
let installation: Installation;
beforeAll(async () => {
  project = new InstalledProject();
  await project.write(DAGS);
  installation = await Installation.start(project);
});
afterAll(async () => {
  await installation?.stop();
  await project[Symbol.asyncDispose]();
});

beforeEach(() => onTestFailed(() => console.log(installation.transcript)));

describe('standalone', () => {
  it('prints the password once and the URL when everything answers', async () => {
    const { url, user, password } = installation.ready;
    expect([user, password.length > 11]).toEqual(['admin', true]);
    const health = await fetch(`${url}/health`);
    expect([health.status, await health.json()]).toMatchObject([200, { status: 'ok' }]);
    const login = await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ name: user, password }),
    });
    expect(login.status).toBe(200);
  });

  it('refuses a second one on its port, and a second scheduler on its database', async () => {
    const { port } = new URL(installation.ready.url);
    const second = await project.run(['standalone', '--port', port]);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('is taken') });
    const scheduler = await project.run(['scheduler']);
    expect(scheduler).toMatchObject({ code: 1, stderr: expect.stringMatching(/another scheduler/i) });
  });

  it('does what the command line asks, and answers', async () => {
    await installation.dagIsKnown(project, 'hello');
    expect(await project.json('dags', 'pause', 'hello')).toEqual({ dagId: 'hello', isPaused: true });
    const waits = await project.run(['dags', 'trigger', 'hello']);
    expect(waits).toMatchObject({ code: 0, stderr: expect.stringContaining('hello is paused') });
    expect(await project.json('dags', 'unpause', 'hello')).toEqual({ dagId: 'hello', isPaused: false });
    const backfill = await project.run(['backfill', 'hello', '--start', '2026-01-01', '--end', '2026-01-05']);
    expect(backfill).toMatchObject({ code: 0, stdout: '5 runs: 5 succeeded\n' });
    expect(backfill.stderr).not.toContain('brings its own');
    const cleared = await project.json<{ tasks: unknown[] }>(
      'tasks',
      'clear',
      'hello',
      'backfill__2026-01-03T00:00:00Z',
    );
    expect(cleared.tasks).toMatchObject([{ taskId: 'greet', state: 'success' }]);
    const again = await project.run(['dags', 'trigger', 'hello', '--run-id', 'mine', '--wait']);
    expect(again.code).toBe(0);
    const duplicate = await project.run(['dags', 'trigger', 'hello', '--run-id', 'mine']);
    expect(duplicate).toMatchObject({ code: 1, stderr: expect.stringContaining('Run mine of hello exists') });
  });

  it('leaves a backfill to the scheduler on Ctrl-C and says so; the same command joins it', async () => {
    const args = [
      'backfill',
      'naps',
      '--start',
      '2026-01-01',
      '--end',
      '2026-01-04',
      '--max-active-runs',
      '2',
    ];
    const first = project.spawn([...args, '--unpause']);
    let said = '';
    for await (const line of createInterface({ input: first.stderr })) {
      said += line;
      if (line.includes('under way')) first.kill('SIGINT');
    }
    expect(said).toContain('goes on in the scheduler');
    const second = project.spawn(args);
    const joined = text(second.stdout);
    const closed = once(second, 'close');
    let follows = false;
    for await (const line of createInterface({ input: second.stderr })) {
      if (follows || !/\d under way(?! \(untouched)/.test(line)) continue;
      follows = true;
      await project.run(['variables', 'set', 'is_morning', 'yes']);
    }
    expect(await joined).toBe('4 runs: 4 succeeded\n');
    expect(await closed).toEqual([0, null]);
  });

  it('follows a log, says why, and kills a process tree', async () => {
    const { runId } = await project.json<{ runId: string }>('dags', 'trigger', 'slow');
    const logs = project.spawn(['tasks', 'logs', 'slow', runId, 'sleep', '--follow']);
    for await (const line of createInterface({ input: logs.stdout })) if (line.includes('began')) break;
    // The loop stopped reading; the process ends only when its output has been read.
    logs.stdout.resume();
    const why = await project.json<{ reason: string }[]>('tasks', 'why', 'slow', runId, 'sleep');
    expect(why.map(({ reason }) => reason).join(' ')).toContain('running');
    expect((await project.run(['tasks', 'kill', 'slow', runId, 'sleep'])).code).toBe(0);
    // Following ends by itself when the try has ended.
    if (logs.exitCode === null) await new Promise((resolve) => logs.once('close', resolve));
    expect(await project.json('tasks', 'state', 'slow', runId, 'sleep')).toMatchObject({ state: 'failed' });
  });

  it('starts a part again that was killed, and goes on', async () => {
    const pid = installation.pids.get('scheduler')!;
    process.kill(pid, 'SIGKILL');
    await installation.line(
      // What the first one said may still be unread.
      (line) => line.process === 'scheduler' && line.message === 'scheduler is up' && line.pid !== pid,
    );
    expect((await project.run(['dags', 'trigger', 'hello', '--wait'])).code).toBe(0);
  });

  it('leaves nothing behind when its supervisor is killed, and begins again without another password', async () => {
    const pids = [...installation.pids.values()];
    installation.child.kill('SIGKILL');
    await installation.closed;
    await untilGone(...pids);
    installation = await Installation.start(project);
    expect(installation.ready).not.toHaveProperty('password');
  });

  it('stops in good order', async () => {
    const pids = [...installation.pids.values()];
    expect(await installation.stop()).toBe(0);
    await untilGone(...pids);
  });
});

interface Line {
  readonly process: string;
  readonly message: string;
  readonly pid?: number;
}

interface Ready extends Line {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

const isReadyLine = (line: Line): line is Ready => 'ready' in line;

/** A running `tsflow standalone --json`. */
class Installation {
  readonly child: ChildProcess;
  readonly closed: Promise<number | null>;
  /** Of each part: its newest process. */
  readonly pids = new Map<string, number>();
  ready!: Ready;
  readonly #lines: Line[] = [];
  #read = 0;
  #wake = (): void => undefined;

  static async start(of: InstalledProject): Promise<Installation> {
    const child = of.spawn(['standalone', '--json', '--port', String(await freePort())]);
    const installation = new Installation(child);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const isReady = installation.line(isReadyLine);
    const ended = installation.closed.then((code) => {
      throw new Error(`standalone ended with ${code}: ${stderr}${JSON.stringify(installation.#lines)}`);
    });
    installation.ready = await Promise.race([isReady, ended]);
    return installation;
  }

  private constructor(child: ReturnType<InstalledProject['spawn']>) {
    this.child = child;
    this.closed = new Promise((resolve) => child.once('close', resolve));
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      if (line.message?.endsWith('is up') && line.pid !== undefined) this.pids.set(line.process, line.pid);
      this.#lines.push(line);
      this.#wake();
    });
  }

  /** Everything it said. */
  get transcript(): string {
    return this.#lines.map((line) => JSON.stringify(line)).join('\n');
  }

  /** The next line, from where the last call ended, that fits. */
  async line<Found extends Line>(fits: (line: Line) => line is Found): Promise<Found>;
  async line(fits: (line: Line) => boolean): Promise<Line>;
  async line(fits: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      while (this.#read < this.#lines.length) {
        const line = this.#lines[this.#read++]!;
        if (fits(line)) return line;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async dagIsKnown(of: InstalledProject, dagId: string): Promise<void> {
    while (!(await of.json<{ dagId: string }[]>('dags', 'list')).some((dag) => dag.dagId === dagId));
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.closed;
  }
}
