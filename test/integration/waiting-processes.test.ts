import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InstalledProject } from '../support/installed-project.ts';
import { createDatabase, DATABASES } from '../support/store.ts';

/** Sensors, triggers and durable operators in real processes, which are killed while something waits. */

const DAGS = {
  'sensors.ts': `
import { DAG, FileSensor, Sensor, task, TaskDeferred, Trigger, Operator, TimeSensor } from '@tsflow/core';
import { existsSync } from 'node:fs';

class There extends Sensor {
  static fields = { ...Sensor.fields, path: 'value' };
  poke(context, { path }) {
    context.log.info('this is call ' + context.calls);
    return existsSync(path) ? 'found at call ' + context.calls : false;
  }
}
class Signal extends Trigger {
  async run({ signal }) {
    while (!existsSync(this.args.path)) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { seen: this.args.path };
  }
}
class Deferring extends Operator {
  static fields = { path: 'value' };
  static triggers = [Signal];
  execute(context, { path }) { throw new TaskDeferred(new Signal({ path })); }
  resume(context, event) { return 'resumed with ' + JSON.stringify(event); }
}
class Crashing extends Trigger {
  async run() { process.exit(3); }
}
class DefersToCrash extends Operator {
  static fields = {};
  static triggers = [Crashing];
  execute() { throw new TaskDeferred(new Crashing({})); }
}
const path = process.env.SIGNAL_FILE;
const quick = { path, pokeInterval: '100ms', timeout: '60s' };
export const sensors = new DAG({ dagId: 'sensors' }, () => {
  new There({ taskId: 'poke', ...quick, mode: 'poke' });
  new There({ taskId: 'reschedule', ...quick, mode: 'reschedule' });
  new There({ taskId: 'defer', ...quick, mode: 'defer' });
  new FileSensor({ taskId: 'file', ...quick });
  new Deferring({ taskId: 'trigger', path });
  new TimeSensor({ taskId: 'time', time: '00:00' });
});
const short = { path: '/nowhere', pokeInterval: '50ms', timeout: '300ms' };
export const impatient = new DAG({ dagId: 'impatient' }, () => {
  for (const mode of ['poke', 'reschedule', 'defer']) {
    new There({ taskId: mode + '_fails', ...short, mode, retries: 2 });
    new There({ taskId: mode + '_skips', ...short, mode, softFail: true });
    new There({ taskId: mode + '_continues', ...short, mode, onTimeout: 'continue' });
  }
});
export const crashing = new DAG({ dagId: 'crashing' }, () => { new DefersToCrash({ taskId: 'crash' }); });
`,
  'durable.ts': `
import { DAG, DurableOperator } from '@tsflow/core';
import { appendFileSync, existsSync } from 'node:fs';

const { JOBS } = process.env;
class Job extends DurableOperator {
  static fields = { ...DurableOperator.fields, hang: 'value' };
  name({ attemptId }) { return { id: 'job-' + attemptId }; }
  submit(context, { id }) { appendFileSync(JOBS + '/submitted', id + '\\n'); }
  async poll(context, { id }, { hang }) {
    appendFileSync(JOBS + '/polled-' + context.taskId, process.pid + '\\n');
    if (hang && !existsSync(JOBS + '/go')) await new Promise((resolve) => setTimeout(resolve, 60_000));
    return existsSync(JOBS + '/done') ? { done: id } : 'running';
  }
  cancel(context, { id }) { appendFileSync(JOBS + '/cancelled', id + '\\n'); }
}
export default new DAG({ dagId: 'durable' }, () => {
  new Job({ taskId: 'job', pollInterval: '100ms', hang: true });
});
export const waits = new DAG({ dagId: 'waits' }, () => {
  new Job({ taskId: 'job', pollInterval: '1h' });
});
`,
};

describe.each(DATABASES)('waiting in processes on %s', (dialect) => {
  async function start() {
    const database = await createDatabase(dialect);
    const project = new InstalledProject(DAGS, database.url);
    const signal = join(project.folder, 'signal');
    const environment = { SIGNAL_FILE: signal, JOBS: project.folder };
    await project.parse(5);
    const scheduler = (more = {}) => project.startWith({ ...environment, ...more }, 'scheduler');
    const store = await project.store();
    const states = async (dagId: string): Promise<Record<string, string>> => {
      const rows = await store.db
        .selectFrom('taskInstance')
        .select(['taskId', 'state'])
        .where('dagId', '=', dagId)
        .execute();
      return Object.fromEntries(rows.map((row) => [row.taskId, row.state]));
    };
    const trigger = (dagId: string) =>
      store.intents.submit({
        dagId,
        kind: 'trigger',
        payload: '{"conf":{}}',
        actor: 'ann',
        requestedAt: Date.now(),
        idempotencyKey: null,
      });
    const output = async (dagId: string, taskId: string, key = 'return_value') => {
      const row = await store.db
        .selectFrom('taskInstance')
        .select('key')
        .where('dagId', '=', dagId)
        .where('taskId', '=', taskId)
        .executeTakeFirstOrThrow();
      const text = (await store.turns.xcoms([row.key], key)).get(row.key);
      return text === undefined ? null : JSON.parse(text);
    };
    return {
      project,
      database,
      signal,
      store,
      scheduler,
      states,
      trigger,
      output,
      async [Symbol.asyncDispose]() {
        await project[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  }

  it('every mode of a sensor, a file and a trigger: through the death of the scheduler and of the process that waits', async () => {
    await using it = await start();
    let scheduler = it.scheduler();
    await it.trigger('sensors');
    const waiting = {
      poke: 'running',
      defer: 'deferred',
      file: 'deferred',
      trigger: 'deferred',
      time: 'success',
    };
    const waits = async () => {
      const { reschedule: _, ...states } = await it.states('sensors');
      return Object.entries(waiting).every(([taskId, state]) => states[taskId] === state);
    };
    await until('all of them wait', waits, 30_000);

    // A process is recorded a moment after it was started.
    const triggers = await until(
      'triggers have a process',
      () => triggersPid(it.store).catch(() => null),
      10_000,
    );
    process.kill(triggers, 'SIGKILL');
    scheduler.kill('SIGKILL');
    scheduler = it.scheduler();
    await until(
      'they wait in another process',
      async () => (await triggersPid(it.store).catch(() => 0)) !== 0,
      30_000,
    );

    writeFileSync(it.signal, '');
    await until(
      'all have ended',
      async () => Object.values(await it.states('sensors')).every((state) => state === 'success'),
      30_000,
    );
    expect(await it.output('sensors', 'file')).toBe(it.signal);
    expect(await it.output('sensors', 'trigger')).toBe(`resumed with {"seen":"${it.signal}"}`);
    expect(await it.output('sensors', 'reschedule')).toMatch(/^found at call [1-9]/);
    expect(await it.output('sensors', 'poke')).toMatch(/^found at call 0/);
    const last = Number((await it.output('sensors', 'reschedule')).slice('found at call '.length));
    const { stdout } = await it.project.run(['tasks', 'logs', 'sensors', 'latest', 'reschedule']);
    const calls = [...stdout.matchAll(/this is call (\d+)/g)].map(([, call]) => Number(call));
    // A call that was under way when the scheduler died may have been made again.
    expect(new Set(calls)).toEqual(new Set(Array.from({ length: last + 1 }, (_, call) => call)));
    const attempts = await it.store.db
      .selectFrom('attempt')
      .select(['taskId', 'state'])
      .where('dagId', '=', 'sensors')
      .where('taskId', 'in', ['defer', 'file', 'trigger', 'time'])
      .execute();
    expect(attempts.map(({ state }) => state)).toEqual(['success', 'success', 'success', 'success']);
  });

  it('a time-out of each mode fails without retry, skips, or goes on and says so', async () => {
    await using it = await start();
    it.scheduler();
    await it.trigger('impatient');
    const states = await until(
      'all have ended',
      async () => {
        const found = await it.states('impatient');
        const ended = Object.values(found).filter((state) =>
          ['success', 'failed', 'skipped'].includes(state),
        );
        return ended.length === 9 ? found : null;
      },
      40_000,
    );
    for (const mode of ['poke', 'reschedule', 'defer']) {
      expect(states).toMatchObject({
        [`${mode}_fails`]: 'failed',
        [`${mode}_skips`]: 'skipped',
        [`${mode}_continues`]: 'success',
      });
      expect(await it.output('impatient', `${mode}_continues`, 'timed_out')).toBe(true);
    }
    const tries = await it.store.db
      .selectFrom('attempt')
      .select('tryNumber')
      .where('dagId', '=', 'impatient')
      .execute();
    expect(tries.map(({ tryNumber }) => tryNumber)).toEqual(Array.from({ length: 9 }, () => 1));
  });

  it('a trigger that ends its process is given up, and the attempt counts as lost', async () => {
    await using it = await start();
    it.scheduler({ TSFLOW_INFRA_RETRIES: '1' });
    await it.trigger('crashing');
    await until('it has failed', async () => (await it.states('crashing')).crash === 'failed', 50_000);
    const row = await it.store.db
      .selectFrom('taskInstance')
      .select(['reason', 'infraNumber'])
      .where('dagId', '=', 'crashing')
      .executeTakeFirstOrThrow();
    expect(row.reason).toContain('exited with code 3');
    expect(row.infraNumber).toBe(2);
  });

  it('a durable job is submitted once, whatever dies while it is asked after', async () => {
    await using it = await start();
    const scheduler = it.scheduler();
    await it.trigger('durable');
    const polled = join(it.project.folder, 'polled-job');
    const pids = () =>
      existsSync(polled) ? readFileSync(polled, 'utf8').trim().split('\n').map(Number) : [];
    const [first] = await until('it is asked after', async () => (pids().length > 0 ? pids() : null), 30_000);
    process.kill(first!, 'SIGKILL');
    const second = await until(
      'the next attempt asks',
      async () => pids().find((pid) => pid !== first),
      30_000,
    );
    scheduler.kill('SIGKILL');
    process.kill(second, 'SIGKILL');
    it.scheduler();
    await until('the one after it asks', async () => new Set(pids()).size >= 3, 40_000);
    writeFileSync(join(it.project.folder, 'done'), '');
    writeFileSync(join(it.project.folder, 'go'), '');
    process.kill(pids().at(-1)!, 'SIGKILL');
    await until(
      'it is done',
      async () => ['success', 'failed'].includes((await it.states('durable')).job!),
      40_000,
    );
    expect(readFileSync(join(it.project.folder, 'submitted'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('a durable job that waits to be asked after is cancelled when it is killed', async () => {
    await using it = await start();
    it.scheduler();
    await it.trigger('waits');
    await until('it waits', async () => (await it.states('waits')).job === 'up_for_reschedule', 30_000);
    const run = await it.store.db
      .selectFrom('dagRun')
      .select('runId')
      .where('dagId', '=', 'waits')
      .executeTakeFirstOrThrow();
    const payload = JSON.stringify({ runId: run.runId });
    await it.store.intents.submit({
      dagId: 'waits',
      kind: 'kill',
      payload,
      actor: 'ann',
      requestedAt: Date.now(),
      idempotencyKey: null,
    });
    await until('it has failed', async () => (await it.states('waits')).job === 'failed', 30_000);
    const [submitted, cancelled] = ['submitted', 'cancelled'].map((file) =>
      readFileSync(join(it.project.folder, file), 'utf8'),
    );
    expect(cancelled).toBe(submitted);
  });
});

async function triggersPid(store: Awaited<ReturnType<InstalledProject['store']>>): Promise<number> {
  const row = await store.db
    .selectFrom('runner')
    .select('pid')
    .where('runnerId', 'like', 'triggers-%')
    .where('endedAt', 'is', null)
    .orderBy('startedAt', 'desc')
    .executeTakeFirstOrThrow();
  return row.pid;
}

async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  limitMs: number,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`Waited ${limitMs / 1000} s in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
