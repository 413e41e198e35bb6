import { expect, it } from 'vitest';
import { audit } from '../support/auditor.ts';
import { chainFile } from '../support/dag-files.ts';
import { startEmbedded } from '../support/embedded-postgres.ts';
import { InstalledProject, until } from '../support/installed-project.ts';
import { Random, testSeed } from '../support/random.ts';

const DAGS = ['chain_a', 'chain_b', 'chain_c'];
const RUNS = 8;
const LENGTH = 6;
const TOTAL = DAGS.length * RUNS;

it('a scheduler lives through crashes of PostgreSQL under load, and everything ends once', async () => {
  const random = new Random(testSeed('PostgreSQL crashes'));
  const server = await startEmbedded();
  try {
    await using project = new InstalledProject(
      { 'chains.ts': chainFile(DAGS, LENGTH, { millis: 15 }) },
      server.url,
    );
    await project.parse(DAGS.length);
    const store = await project.store();
    for (let i = 0; i < TOTAL; i++) {
      const request = {
        dagId: DAGS[i % DAGS.length]!,
        kind: 'trigger',
        payload: '{"conf":{}}',
        actor: 'ann',
      };
      await store.intents.submit({ ...request, requestedAt: Date.now(), idempotencyKey: null });
    }
    const scheduler = project.start('scheduler');
    // A connection of the test's own may be one that the crash broke.
    const ended = async () => {
      const rows = await store.db
        .selectFrom('attempt')
        .select('state')
        .execute()
        .catch(() => []);
      return rows.filter(({ state }) => state === 'success').length;
    };
    for (let crashes = 0; crashes < 3; crashes++) {
      const goal = Math.min(TOTAL * LENGTH - 1, (await ended()) + 1 + random.int(30));
      await until(`${goal} tasks have ended`, async () => (await ended()) >= goal, 60_000);
      await server.crash();
      await server.startAgain();
    }
    await until('every task has ended', async () => (await ended()) === TOTAL * LENGTH, 60_000);
    expect([scheduler.exitCode, scheduler.signalCode]).toEqual([null, null]);
    await until('every run has ended', async () => (await audit(store)).length === 0, 20_000);
    const attempts = await store.db.selectFrom('attempt').select('state').execute();
    expect(attempts).toHaveLength(TOTAL * LENGTH);
  } finally {
    await server.stop();
  }
}, 150_000);
