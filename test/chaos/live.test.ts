import { expect, it } from 'vitest';
import { chainFile } from '../support/dag-files.ts';
import { InstalledProject, until } from '../support/installed-project.ts';
import { Random, testSeed } from '../support/random.ts';
import { createDatabase, DATABASES } from '../support/store.ts';
import { WebHarness } from '../support/web-harness.ts';

interface Change {
  readonly type: string;
  readonly runId: string;
  readonly taskId: string;
  readonly toState: string;
}

const DAGS = ['chain_a', 'chain_b', 'chain_c'];
const RUNS = 8;
const LENGTH = 6;

it.each(DATABASES)(
  'a live client that is killed and resumed under load ends with the state of the database, on %s',
  async (dialect) => {
    const random = new Random(testSeed('live client'));
    await using database = await createDatabase(dialect);
    await using project = new InstalledProject(
      { 'chains.ts': chainFile(DAGS, LENGTH, { millis: 5 }) },
      database.url,
    );
    await project.parse(DAGS.length);
    const store = await project.store();
    await using web = await WebHarness.start(store);
    const viewer = await web.as('Viewer');

    const states = new Map<string, string>();
    let cursor: string | null = null;
    let isOver = false;
    let end = (): void => undefined;
    const over = new Promise<null>((resolve) => {
      end = () => resolve(null);
    });
    const client = (async () => {
      while (!isOver) {
        const reader = await viewer.stream(
          cursor === null ? '/live' : `/live?cursor=${encodeURIComponent(cursor)}`,
        );
        const hello = (await reader.expect('hello')).data as { cursor: string };
        cursor ??= hello.cursor;
        for (let left = 1 + random.int(4); left > 0 && !isOver; left--) {
          const message = await Promise.race([reader.expect('changes'), over]);
          if (message === null) break;
          const { events, cursor: next } = message.data as { events: Change[]; cursor: string };
          for (const { type, runId, taskId, toState } of events) {
            if (type === 'task_state') states.set(`${runId}/${taskId}`, toState);
          }
          cursor = next;
        }
        reader.close();
      }
    })();

    await until('the client listens', () => cursor !== null);
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
    project.start('scheduler');
    const rows = () =>
      store.db
        .selectFrom('taskInstance')
        .innerJoin('dagRun', 'dagRun.key', 'taskInstance.runKey')
        .select(['dagRun.runId', 'taskInstance.taskId', 'taskInstance.state'])
        .execute();
    const total = DAGS.length * RUNS * LENGTH;
    await until('every task has ended', async () => {
      const tasks = await rows();
      return tasks.length === total && tasks.every(({ state }) => state === 'success');
    });
    await until(
      'the client has heard of all of it',
      async () => [...states.values()].filter((s) => s === 'success').length === total,
      20_000,
    ).catch(() => undefined);
    isOver = true;
    end();
    await client;
    const expected = (await rows()).map(({ runId, taskId, state }) => [`${runId}/${taskId}`, state] as const);
    expect(new Map([...states].sort())).toEqual(new Map([...expected].sort()));
  },
  120_000,
);
