import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Config } from '@tsflow/core/config';
import { silentLogger } from '@tsflow/core/logger';
import type { Store } from '@tsflow/core/store';
import { Scheduler } from '@tsflow/scheduler/loop';
import type { AttemptQuestion } from '@tsflow/scheduler/runner';
import { expect, it } from 'vitest';
import { audit } from '../support/auditor.ts';
import { recordDags } from '../support/catalog.ts';
import { InstalledProject } from '../support/installed-project.ts';
import { startOf } from '../support/process-list.ts';
import { testConfig, until } from '../support/scheduler-harness.ts';
import { type Script, ScriptedExecutor } from '../support/scripted-executor.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase } from '../support/store.ts';

const config = { ...testConfig, heartbeatMs: 100, leaseMs: 1_000 };
const dags = Array.from({ length: 6 }, (_, i) =>
  serializedDag(`dag_${i}`, { a: {}, b: { upstream: ['a'] } }),
);

const succeeds: Script = () => ({ kind: 'success', xcoms: {} });

/** A scheduler whose way to the database can be cut. */
class Side {
  readonly scheduler: Scheduler;
  readonly fatal: Error[] = [];
  executor!: ScriptedExecutor;
  isCut = false;

  constructor(
    store: Store,
    settings: Config = config,
    script: Script = succeeds,
    onlyDags?: readonly string[],
  ) {
    this.scheduler = new Scheduler({
      store: this.#cuttable(store),
      config: settings,
      logger: silentLogger,
      executor: (events) => {
        this.executor = new ScriptedExecutor(events, script);
        return this.executor;
      },
      ...(onlyDags === undefined ? {} : { onlyDags }),
    });
    this.scheduler.onFatal = (error) => this.fatal.push(error);
  }

  #cuttable(store: Store): Store {
    const guard = (member: object): object =>
      new Proxy(member, {
        get: (target, name) => {
          const value = (target as Record<string | symbol, unknown>)[name];
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => {
            if (this.isCut) return Promise.reject(new Error('the network is cut'));
            return value.apply(target, args);
          };
        },
      });
    return new Proxy(store, {
      get: (target, name: keyof Store) => {
        const value = target[name] as unknown;
        if (name === 'db') {
          if (this.isCut) throw new Error('the network is cut');
          return value;
        }
        if (typeof value === 'function') return (guard(target) as Store)[name];
        return typeof value === 'object' && value !== null ? guard(value) : value;
      },
    });
  }
}

it('takes the DAGs of a scheduler over at once when its process is proved dead, and otherwise waits for the lease', async () => {
  await using database = await createDatabase('postgres');
  const store = await database.open();
  await recordDags(store, dags);
  const stopped = new Side(await database.open());
  await stopped.scheduler.start();
  await stopped.scheduler.stop();
  const { host, bootId, pid, pidStart } = await store.db
    .selectFrom('scheduler')
    .selectAll()
    .executeTakeFirstOrThrow();
  const dead = spawn('sleep', ['60']);
  await once(dead, 'spawn');
  const here = { host, bootId, pid: dead.pid!, pidStart: startOf(dead.pid!) };
  const predecessors = {
    here,
    'on another machine': { ...here, host: 'elsewhere' },
    'after another start of a machine of this name': { ...here, bootId: 'another/pid:[1]' },
    'alive here': { host, bootId, pid, pidStart },
  };
  for (const [id, identity] of Object.entries(predecessors)) {
    await store.leases.register({ id, ...identity, startedAt: Date.now(), socketPath: null });
    await store.leases.acquire(id, 1);
  }
  dead.kill('SIGKILL');
  await once(dead, 'exit');
  const side = new Side(await database.open(), { ...config, leaseMs: 60_000 });
  await side.scheduler.start();
  const holdersOf = async () =>
    (await store.db.selectFrom('dag').select('holder').distinct().execute()).map(({ holder }) => holder);
  await until('its DAG is taken over', async () => !(await holdersOf()).includes('here'));
  const { here: _, ...waitedFor } = predecessors;
  expect((await store.leases.living()).map(({ id }) => id).sort()).toEqual(
    [...Object.keys(waitedFor), side.scheduler.id].sort(),
  );
  expect(await holdersOf()).toEqual(expect.arrayContaining(Object.keys(waitedFor)));
  await side.scheduler.stop();
});

it('hands the DAGs of a scheduler that is cut off to the other, and stops the first when it comes back', async () => {
  await using database = await createDatabase('postgres');
  const store = await database.open();
  await recordDags(store, dags);
  const left = new Side(await database.open());
  const right = new Side(await database.open());
  const trigger = async () => {
    for (const { dagId } of dags) {
      const request = {
        dagId,
        kind: 'trigger',
        payload: '{"conf":{}}',
        actor: 'ann',
        requestedAt: Date.now(),
      };
      await store.intents.submit({ ...request, idempotencyKey: null });
    }
    await store.notify('tsflow_intent', 'all');
  };
  const ended = (count: number) =>
    until(`${count} runs have ended`, async () => {
      const rows = await store.db.selectFrom('dagRun').select('state').execute();
      return rows.length === count && rows.every(({ state }) => state === 'success');
    });

  await left.scheduler.start();
  await trigger();
  await ended(6);
  await right.scheduler.start();
  left.isCut = true;
  await trigger();
  await ended(12);
  const holders = await store.db.selectFrom('dag').select('holder').distinct().execute();
  expect(holders).toEqual([{ holder: right.scheduler.id }]);
  expect(right.executor.granted).toHaveLength(12);

  left.isCut = false;
  await until('the first one stops', async () => left.fatal.length > 0);
  await trigger();
  await ended(18);
  expect(left.executor.granted).toHaveLength(12);
  await right.scheduler.stop();
  await left.scheduler.stop().catch(() => undefined);
  expect(await audit(store)).toEqual([]);
});

it('answers what a task asks where its DAG is no longer held, and has the holder keep what it saves', async () => {
  await using database = await createDatabase('postgres');
  const store = await database.open();
  const dag = serializedDag('etl', { job: { upstream: ['a'], retries: 1, retryDelayMs: 0 }, a: {} });
  await recordDags(store, [dag]);
  const script: Script = ({ taskId }) =>
    taskId === 'a' ? { kind: 'success', xcoms: { return_value: 7 } } : null;
  const onlyLeft = ['etl'];
  const left = new Side(await database.open(), config, script, onlyLeft);
  await left.scheduler.start();
  const request = { dagId: 'etl', kind: 'trigger', payload: '{"conf":{}}', actor: 'ann' };
  await store.intents.submit({ ...request, requestedAt: Date.now(), idempotencyKey: null });
  await store.notify('tsflow_intent', 'etl');
  const jobOf = (side: Side) => side.executor?.granted.find(({ taskId }) => taskId === 'job');
  const job = await until('the job is granted', () => jobOf(left));
  const row = () => store.turns.attempt(job.attemptId);
  await until('it runs', async () => (await row())?.state === 'running');

  // The first one keeps it in memory and does not know: nothing of the DAG has reached it since.
  onlyLeft.pop();
  await store.db.updateTable('dag').set({ holder: null }).execute();
  const right = new Side(await database.open(), config, script);
  await right.scheduler.start();
  await until('the other holds it', async () => {
    const held = await store.db.selectFrom('dag').select('holder').executeTakeFirstOrThrow();
    return held.holder === right.scheduler.id;
  });
  const turnOfLeft = async () =>
    (await store.leases.living()).find(({ id }) => id === left.scheduler.id)!.turn;
  const before = await turnOfLeft();
  await left.executor.save(job, { job: 1 });
  expect(await row()).toMatchObject({ savedState: '{"job":1}' });

  const failure = { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true } as const;
  const ask = (question: AttemptQuestion) => left.executor.ask(job, question);
  left.executor.group(job, 42);
  await until('the first one lost it in a commit', async () => (await turnOfLeft()) > before);
  await store.variables.set({ key: 'day', value: '"monday"', actor: 'ann', at: Date.now() });
  expect(await ask({ verb: 'variable', key: 'day' })).toBe('monday');
  expect(await ask({ verb: 'xcom', taskId: 'a', key: 'return_value' })).toBe(7);
  await left.executor.save(job, { job: 2 });
  await left.executor.save({ ...job, grantNumber: job.grantNumber - 1 }, { job: 3 }).then(
    () => expect.unreachable('an older grant saves nothing'),
    (error) => expect(error).toMatchObject({ code: 'fenced' }),
  );
  await until('its end reaches the holder', async () => {
    left.executor.finish(job, failure);
    return (await row())?.endDate ?? null;
  });
  const next = await until('the next try is granted', () => jobOf(right));
  expect(next.savedState).toEqual({ job: 2 });
  await right.scheduler.stop();
  await left.scheduler.stop();
  expect(await audit(store, { settled: false })).toEqual([]);
});

it('ends a scheduler that stood still for longer than its lease, after another has done its work', async () => {
  await using database = await createDatabase('postgres');
  const file = `import { DAG, task } from '@tsflow/core';
new DAG({ dagId: 'quick' }, () => { task('only', () => 'done'); });`;
  await using project = new InstalledProject({ 'quick.ts': file }, database.url);
  await project.parse(1);
  const store = await project.store();
  const short = { TSFLOW_HEARTBEAT: '500ms', TSFLOW_LEASE: '2s' };
  const holder = async () => (await store.db.selectFrom('dag').select('holder').executeTakeFirst())?.holder;
  const trigger = async () => {
    const request = { dagId: 'quick', kind: 'trigger', payload: '{"conf":{}}', actor: 'ann' };
    await store.intents.submit({ ...request, requestedAt: Date.now(), idempotencyKey: null });
  };
  const first = project.startWith(short, 'scheduler');
  await until('the first holds the DAG', holder);
  const before = await holder();
  first.kill('SIGSTOP');
  await trigger();
  project.startWith({ ...short, TSFLOW_HOME: join(project.folder, 'second') }, 'scheduler');
  await until('the second has done what was asked', async () => {
    const rows = await store.db.selectFrom('dagRun').select('state').execute();
    return rows.length === 1 && rows[0]!.state === 'success';
  });
  expect(await holder()).not.toBe(before);
  const ended = once(first, 'exit');
  first.kill('SIGCONT');
  const [code] = await ended;
  expect(code).not.toBe(0);
  await trigger();
  await until('the next is done too', async () => {
    const rows = await store.db.selectFrom('dagRun').select('state').execute();
    return rows.length === 2 && rows.every(({ state }) => state === 'success');
  });
  expect(await store.db.selectFrom('attempt').select('state').execute()).toHaveLength(2);
  expect(await audit(store)).toEqual([]);
});
