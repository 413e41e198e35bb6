// Everything that can be asked of a DAG can be asked over REST and with a command: a new kind of intent does not compile here until both
// are written down, and a route that changes something and has no command fails.
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { IntentKind } from '@tsflow/core/intents';
import { routeTable } from '@tsflow/webserver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstalledProject } from '../support/installed-project.ts';

const DOORS: {
  readonly [Kind in IntentKind]: { readonly route: string; readonly commands: readonly string[] };
} = {
  trigger: { route: 'post /dags/{dagId}/runs', commands: ['dags trigger'] },
  clear: { route: 'post /dags/{dagId}/runs/{runId}/clear', commands: ['tasks clear', 'runs clear'] },
  run_task: { route: 'post /dags/{dagId}/runs/{runId}/tasks/{taskId}/run', commands: ['tasks run'] },
  mark_tasks: { route: 'post /dags/{dagId}/runs/{runId}/mark', commands: ['tasks mark'] },
  mark_run: { route: 'patch /dags/{dagId}/runs/{runId}', commands: ['runs mark'] },
  kill: { route: 'post /dags/{dagId}/runs/{runId}/kill', commands: ['tasks kill'] },
  pause: { route: 'patch /dags/{dagId}', commands: ['dags pause', 'dags unpause'] },
  backfill: { route: 'post /dags/{dagId}/backfills', commands: ['backfill run'] },
  control_backfill: {
    route: 'post /backfills/{key}/{action}',
    commands: ['backfill pause', 'backfill resume', 'backfill cancel'],
  },
  prioritize: { route: 'post /dags/{dagId}/runs/{runId}/priority', commands: ['tasks prioritize'] },
  reschedule: { route: 'post /dags/{dagId}/reschedule', commands: ['dags reschedule'] },
  note: { route: 'patch /dags/{dagId}/runs/{runId}', commands: ['runs note'] },
};

/** Routes that change something and have no command, each with its reason. */
const NO_COMMAND: Readonly<Record<string, string>> = {
  'post /auth/tokens': "a browser's own tokens; `tsflow tokens` names the account",
  'delete /auth/tokens/{id}': 'the same',
};

let project: InstalledProject;
beforeAll(() => {
  project = new InstalledProject();
});
afterAll(() => project[Symbol.asyncDispose]());

const names = new Set(routeTable.map(({ method, path }) => `${method} ${path}`));
const commands = Object.values(DOORS).flatMap((door) => door.commands);

describe('an intent', () => {
  it.each(Object.entries(DOORS))('%s has a route', (_kind, { route }) => {
    expect(names).toContain(route);
  });

  it.each(commands)('has the command %s', async (command) => {
    const { code, stdout } = await project.run([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: tsflow ${command} `));
  });
});

describe('a route that changes something', () => {
  const asked = requestsOfCommands();

  it.each(
    routeTable
      .filter(({ over, method }) => over === 'any' && method !== 'get')
      .map(({ method, path }) => `${method} ${path}`),
  )('%s has a command', async (name) => {
    if (NO_COMMAND[name] === undefined) expect(await asked).toContain(name);
    else expect(await asked).not.toContain(name);
  });
});

/** What the commands ask for, as their sources say it: `api.POST('/dags/{dagId}/runs', …`. */
async function requestsOfCommands(): Promise<ReadonlySet<string>> {
  const folder = fileURLToPath(new URL('../../packages/cli/src/', import.meta.url));
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const sources = await Promise.all(files.map((name) => readFile(folder + name, 'utf8')));
  const requests = sources.join('\n').matchAll(/\bapi\.(POST|PUT|PATCH|DELETE)\(\s*'([^']+)'/g);
  return new Set([...requests].map(([, method, path]) => `${method!.toLowerCase()} ${path}`));
}
