import { expect, it } from 'vitest';
import { audit } from '../support/auditor.ts';
import { chainFile } from '../support/dag-files.ts';
import { InstalledProject, stop, until } from '../support/installed-project.ts';
import { Random, testSeed } from '../support/random.ts';

const DAGS = ['chain_a', 'chain_b', 'chain_c', 'chain_d'];
const RUNS = 5;
const LENGTH = 6;

/** A project with twenty runs to do, each a chain whose tasks take a few milliseconds. */
async function projectWithWork(): Promise<InstalledProject> {
  const project = new InstalledProject({ 'chains.ts': chainFile(DAGS, LENGTH, { millis: 15 }) });
  await project.parse(DAGS.length);
  const store = await project.store();
  for (let run = 0; run < RUNS; run++) {
    for (const dagId of DAGS) {
      const payload = JSON.stringify({ conf: {} });
      await store.intents.submit({
        dagId,
        kind: 'trigger',
        payload,
        actor: 'ann',
        requestedAt: Date.now(),
        idempotencyKey: null,
      });
    }
  }
  return project;
}

async function everythingEnded(project: InstalledProject): Promise<boolean> {
  const store = await project.store();
  const rows = await store.db.selectFrom('dagRun').select('state').execute();
  return (
    rows.length === DAGS.length * RUNS && rows.every(({ state }) => state === 'success' || state === 'failed')
  );
}

async function verdict(project: InstalledProject): Promise<void> {
  const store = await project.store();
  expect(await audit(store)).toEqual([]);
  const attempts = await store.db.selectFrom('attempt').select('state').execute();
  expect(attempts.filter(({ state }) => state === 'success')).toHaveLength(DAGS.length * RUNS * LENGTH);
}

it('loses and doubles nothing when the scheduler is killed again and again', async () => {
  const random = new Random(testSeed('scheduler kills'));
  await using project = await projectWithWork();
  for (let kill = 0; kill < 6; kill++) {
    const scheduler = project.start('scheduler');
    await new Promise((resolve) => setTimeout(resolve, 300 + random.int(700)));
    await stop(scheduler, 'SIGKILL');
  }
  project.start('scheduler');
  await until('every run has ended', () => everythingEnded(project), 60_000, 50);
  await verdict(project);
}, 120_000);

it('loses and doubles nothing when runners are killed at random', async () => {
  const random = new Random(testSeed('runner kills'));
  await using project = await projectWithWork();
  const store = await project.store();
  project.start('scheduler');
  for (let kills = 0; kills < 4 && !(await everythingEnded(project)); ) {
    const runners = await store.db.selectFrom('runner').select('pid').where('endedAt', 'is', null).execute();
    if (runners.length > 0) {
      try {
        process.kill(random.pick(runners).pid, 'SIGKILL');
        kills += 1;
      } catch {
        // It was gone before the signal came.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, random.int(150)));
  }
  await until('every run has ended', () => everythingEnded(project), 60_000, 50);
  await verdict(project);
}, 120_000);

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
    await using project = await projectWithWork();
    for (const hit of [1, 2 + random.int(20)]) {
      const scheduler = project.startWith({ TSFLOW_FAILPOINT: `${name}:${hit}` }, 'scheduler');
      await until(
        `it dies at ${name}, or is done`,
        async () => scheduler.signalCode !== null || (await everythingEnded(project)),
        60_000,
      );
      await stop(scheduler, 'SIGKILL');
    }
    project.start('scheduler');
    await until('every run has ended', () => everythingEnded(project), 60_000, 50);
    await verdict(project);
  },
  120_000,
);
