import type { ChildProcess } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { audit } from '../support/auditor.ts';
import { chainFile } from '../support/dag-files.ts';
import { freePort } from '../support/free-port.ts';
import { InstalledProject, stop, until } from '../support/installed-project.ts';
import { untilGone } from '../support/process-list.ts';
import { Random, testSeed } from '../support/random.ts';
import { createDatabase, DATABASES, type TestDatabase } from '../support/store.ts';

const DAGS = ['chain_a', 'chain_b', 'chain_c', 'chain_d'];
const RUNS = 5;
const LENGTH = 6;
const TOTAL = DAGS.length * RUNS;

/** A project with twenty runs to do, each a chain whose tasks take a few milliseconds. */
async function projectWithWork(database: TestDatabase): Promise<InstalledProject> {
  const project = new InstalledProject(
    { 'chains.ts': chainFile(DAGS, LENGTH, { millis: 15 }) },
    database.url,
  );
  await project.parse(DAGS.length);
  const store = await project.store();
  for (let run = 0; run < RUNS; run++) {
    for (const dagId of DAGS) {
      const request = {
        dagId,
        kind: 'trigger',
        payload: '{"conf":{}}',
        actor: 'ann',
        requestedAt: Date.now(),
      };
      await store.intents.submit({ ...request, idempotencyKey: null });
    }
  }
  return project;
}

/** The same number of runs, of one backfill. */
async function projectWithBackfill(database: TestDatabase): Promise<InstalledProject> {
  const options = { millis: 15, schedule: '@daily' };
  const project = new InstalledProject({ 'chain.ts': chainFile(['chain'], LENGTH, options) }, database.url);
  await project.parse(1);
  const store = await project.store();
  const payload = {
    start: '2026-01-01T00:00:00Z',
    end: `2026-01-${TOTAL}T00:00:00Z`,
    reprocess: 'none',
    reverse: false,
    maxActiveRuns: 4,
    conf: {},
  };
  const request = { dagId: 'chain', kind: 'backfill', payload: JSON.stringify(payload), actor: 'ann' };
  await store.intents.submit({ ...request, requestedAt: Date.now(), idempotencyKey: null });
  return project;
}

/** Waits until that much more has happened, or all of it. */
async function moreEvents(project: InstalledProject, count: number): Promise<void> {
  const store = await project.store();
  const newest = async () =>
    (await store.db.selectFrom('event').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst())?.id ??
    0;
  const goal = (await newest()) + count;
  await until(
    `${count} more events are written`,
    async () => (await newest()) >= goal || everythingEnded(project),
    60_000,
  );
}

/** One moment for all of them: the processes given, their children, and every runner. */
async function killTogether(project: InstalledProject, roots: readonly ChildProcess[]): Promise<void> {
  const store = await project.store();
  const pids = roots.map(({ pid }) => pid!);
  for (const pid of [...pids]) pids.push(...(await project.childrenOf(pid)));
  const runners = await store.db.selectFrom('runner').select('pid').where('endedAt', 'is', null).execute();
  pids.push(...runners.map(({ pid }) => pid));
  for (const pid of pids) kill(pid);
  await untilGone(...pids);
}

async function everythingEnded(project: InstalledProject): Promise<boolean> {
  const store = await project.store();
  const rows = await store.db.selectFrom('dagRun').select('state').execute();
  return rows.length === TOTAL && rows.every(({ state }) => state === 'success' || state === 'failed');
}

async function verdict(project: InstalledProject): Promise<void> {
  const store = await project.store();
  expect(await audit(store)).toEqual([]);
  const attempts = await store.db.selectFrom('attempt').select('state').execute();
  expect(attempts.filter(({ state }) => state === 'success')).toHaveLength(TOTAL * LENGTH);
}

async function killSomeRunner(project: InstalledProject, random: Random): Promise<boolean> {
  const store = await project.store();
  const runners = await store.db.selectFrom('runner').select('pid').where('endedAt', 'is', null).execute();
  return runners.length > 0 && kill(random.pick(runners).pid);
}

/** False: it was gone before the signal came. */
function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(DATABASES)('kill -9 on %s', (dialect) => {
  it('of the scheduler, again and again, loses and doubles nothing', async () => {
    const random = new Random(testSeed('scheduler kills'));
    await using database = await createDatabase(dialect);
    await using project = await projectWithWork(database);
    for (let kills = 0; kills < 5; kills++) {
      const scheduler = project.start('scheduler');
      await pause(400 + random.int(700));
      await stop(scheduler, 'SIGKILL');
    }
    project.start('scheduler');
    await until('every run has ended', () => everythingEnded(project), 90_000, 50);
    await verdict(project);
  }, 150_000);

  it('of runners, at random, loses and doubles nothing', async () => {
    const random = new Random(testSeed('runner kills'));
    await using database = await createDatabase(dialect);
    await using project = await projectWithWork(database);
    project.start('scheduler');
    for (let kills = 0; kills < 4 && !(await everythingEnded(project)); ) {
      if (await killSomeRunner(project, random)) kills += 1;
      await pause(random.int(150));
    }
    await until('every run has ended', () => everythingEnded(project), 90_000, 50);
    await verdict(project);
  }, 150_000);

  it('of the scheduler leaves a running task its process, and the task succeeds once', async () => {
    await using database = await createDatabase(dialect);
    const file = `import { DAG, task } from '@tsflow/core';
new DAG({ dagId: 'long' }, () => { task('sleep', () => new Promise((resolve) => setTimeout(() => resolve(process.pid), 6_000))); });`;
    await using project = new InstalledProject({ 'long.ts': file }, database.url);
    await project.parse(1);
    const store = await project.store();
    const first = project.start('scheduler');
    const request = {
      dagId: 'long',
      kind: 'trigger',
      payload: '{"conf":{}}',
      actor: 'ann',
      requestedAt: Date.now(),
    };
    await store.intents.submit({ ...request, idempotencyKey: null });
    const attempts = () => store.db.selectFrom('attempt').selectAll().execute();
    await until('the task runs', async () => (await attempts()).some(({ state }) => state === 'running'));
    const holder = async () => (await store.db.selectFrom('dag').select('holder').executeTakeFirst())?.holder;
    const before = await holder();
    await stop(first, 'SIGKILL');
    project.start('scheduler');
    // Its predecessor is proved dead, so nobody waits for the lease of 30 s.
    const isTakenOver = async () => ![before, null].includes(await holder());
    await until('the next scheduler holds the DAG', isTakenOver, 15_000);
    await until(
      'the task has ended',
      async () => (await attempts()).some(({ endDate }) => endDate !== null),
      90_000,
    );
    const [attempt, ...more] = await attempts();
    expect(more).toEqual([]);
    expect(attempt).toMatchObject({ state: 'success', tryNumber: 1, infraNumber: 0 });
    const value = await store.db.selectFrom('xcom').select('value').executeTakeFirstOrThrow();
    expect(JSON.parse(value.value)).toBe(attempt!.pid);
    await until('the run has ended', async () => (await audit(store)).length === 0, 20_000);
  }, 150_000);

  it('of scheduler and runners together, in the middle of a backfill, loses and doubles nothing', async () => {
    const random = new Random(testSeed('scheduler and runner kills'));
    await using database = await createDatabase(dialect);
    await using project = await projectWithBackfill(database);
    for (let kills = 0; kills < 3; kills++) {
      const scheduler = project.start('scheduler');
      await moreEvents(project, 1 + random.int(60));
      await killTogether(project, [scheduler]);
    }
    project.start('scheduler');
    await until('every run has ended', () => everythingEnded(project), 90_000, 50);
    await verdict(project);
  }, 150_000);

  it('of all processes together, in the middle of a backfill, loses and doubles nothing', async () => {
    const random = new Random(testSeed('kills of everything'));
    await using database = await createDatabase(dialect);
    await using project = await projectWithBackfill(database);
    const standalone = async () => project.start('standalone', '--port', String(await freePort()));
    for (let kills = 0; kills < 3; kills++) {
      const all = await standalone();
      await moreEvents(project, 1 + random.int(60));
      await killTogether(project, [all]);
    }
    await standalone();
    await until('every run has ended', () => everythingEnded(project), 90_000, 50);
    await verdict(project);
  }, 150_000);

  it('of scheduler, processor, webserver and runners of a standalone, at random, loses and doubles nothing', async () => {
    const random = new Random(testSeed('standalone kills'));
    await using database = await createDatabase(dialect);
    await using project = await projectWithWork(database);
    const standalone = project.start('standalone', '--port', String(await freePort()));
    for (let kills = 0; kills < 8 && !(await everythingEnded(project)); ) {
      await pause(200 + random.int(500));
      expect(standalone.exitCode, 'the standalone itself goes on').toBe(null);
      const children = await project.childrenOf(standalone.pid!);
      const killed = random.chance(0.4)
        ? await killSomeRunner(project, random)
        : children.length > 0 && kill(random.pick(children));
      if (killed) kills += 1;
    }
    await until('every run has ended', () => everythingEnded(project), 90_000, 50);
    await verdict(project);
  }, 180_000);
});

const FAILPOINTS = [
  'before-commit',
  'after-commit',
  'after-accept',
  'after-claim',
  'after-submit',
  'after-spawn',
];

it.each(FAILPOINTS)(
  'goes on after the scheduler died at %s',
  async (name) => {
    const random = new Random(testSeed(`failpoint ${name}`));
    await using database = await createDatabase(random.pick(DATABASES));
    await using project = await projectWithWork(database);
    for (const hit of [1, 2 + random.int(20)]) {
      const scheduler = project.startWith({ TSFLOW_FAILPOINT: `${name}:${hit}` }, 'scheduler');
      const died = async () => scheduler.signalCode !== null || (await everythingEnded(project));
      await until(`it dies at ${name}, or is done`, died, 60_000);
      await stop(scheduler, 'SIGKILL');
    }
    project.start('scheduler');
    await until('every run has ended', () => everythingEnded(project), 90_000, 50);
    await verdict(project);
  },
  180_000,
);
