// One suite for both ways of a command to its installation: the database of its own machine, and a server. Each row is run through
// both, on DAGs that differ in nothing but their name, and has to print the same JSON and the same words and end with the same code.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type CommandResult, InstalledProject, until } from '../support/installed-project.ts';

const DOORS = ['database', 'server'] as const;
type DoorName = (typeof DOORS)[number];

const DAGS = {
  'etl.ts': `
import { DAG, TaskFailed, task } from '@tsflow/core';
for (const door of ['database', 'server']) {
  new DAG({
    dagId: door + '_etl', schedule: '0 3 * * *', timezone: 'Asia/Tokyo', startDate: '2026-01-01', pausedUponCreation: true,
    maxActiveRuns: 3, tags: ['doors'],
    deadlines: [{ name: 'published', within: '1h' }],
    defaultArgs: { onFailure: ({ log }) => log.info('somebody was told') },
  }, () => {
    const extract = task('extract', ({ log }) => { log.info('working'); return [1, 2]; });
    task('load', (context, { rows }) => {
      if (context.params.fail === true) throw new TaskFailed('a bad day');
      return rows.length;
    }, { rows: extract.output });
  });
}
`,
};

/** Exit code and command; `{door}` is the name of the door. JSON has no blanks. */
const ROWS: readonly (readonly [code: number, command: string])[] = [
  // What is there
  [0, 'dags list'],
  [0, 'dags list --search {door} --paused'],
  [0, 'dags show {door}_etl'],
  [0, 'dags next {door}_etl --from 2026-03-01 --limit 3'],
  [0, 'tasks list {door}_etl'],
  [0, 'runs list {door}_etl'],
  // Words about what is not there, or does not fit
  [1, 'dags show {door}_elt'],
  [1, 'dags show nothing-like-it'],
  [1, 'runs list nothing-like-it'],
  [1, 'runs show {door}_etl nope'],
  [1, 'runs show {door}_etl latest'],
  [1, 'dags pause nothing-like-it'],
  [1, 'backfill show 4711'],
  [2, 'backfill show x'],
  [2, 'dags next {door}_etl --from yesterday'],
  [2, 'backfill {door}_etl --start 2026-02-03 --end 2026-02-01'],
  [2, 'dags trigger {door}_etl --conf [1]'],
  [2, 'dags trigger {door}_etl --run-id scheduled__x'],
  [1, 'variables get nope'],
  [1, 'variables delete nope'],
  [1, 'pools get nope'],
  [1, 'assets show nope'],
  [1, 'users set-role nobody --role Viewer'],
  [1, 'tokens list nobody'],
  // Running
  [1, 'dags trigger {door}_etl --wait'],
  [
    1,
    'dags trigger {door}_etl --unpause --run-id bad --logical-date 2026-02-01 --conf {"fail":true} --note tried --wait',
  ],
  [1, 'dags trigger {door}_etl --run-id bad --logical-date 2026-02-01'],
  [0, 'runs show {door}_etl bad'],
  [1, 'dags trigger {door}_etl --up-to laod'],
  [
    0,
    'dags trigger {door}_etl --up-to extract --run-id half --conf {"fail":true} --idempotency-key {door}-1 --wait',
  ],
  [0, 'dags trigger {door}_etl --idempotency-key {door}-1 --wait'],
  [1, 'backfill run {door}_etl --start 2026-03-01 --end 2026-03-02 --tasks laod'],
  [0, 'runs show {door}_etl half'],
  [0, 'runs list {door}_etl --state failed --type manual --from 2026-01-01 --to 2026-02-01'],
  [0, 'runs callbacks {door}_etl bad'],
  [0, 'runs note {door}_etl bad looked-at-it'],
  [0, 'tasks list {door}_etl bad --state failed'],
  [0, 'tasks state {door}_etl bad load'],
  [0, 'tasks why {door}_etl bad load'],
  [0, 'tasks logs {door}_etl bad extract --follow'],
  [1, 'tasks logs {door}_etl bad extract --try 7'],
  [0, 'tasks xcom {door}_etl bad extract'],
  [0, 'tasks rendered {door}_etl bad extract'],
  [1, 'tasks xcom {door}_etl bad load --try 9'],
  // Recovery
  [1, 'tasks clear {door}_etl bad laod'],
  [0, 'tasks clear {door}_etl bad load --dry-run'],
  [1, 'tasks run {door}_etl bad laod'],
  [1, 'tasks run {door}_etl bad load --map-path 3'],
  [0, 'tasks run {door}_etl bad load --dry-run'],
  [0, 'tasks run {door}_etl bad load'],
  [0, 'tasks mark {door}_etl bad load --state skipped --dry-run'],
  [0, 'tasks mark {door}_etl bad load --state skipped'],
  [0, 'runs mark {door}_etl bad --state success'],
  [1, 'tasks kill {door}_etl bad'],
  [2, 'tasks prioritize {door}_etl bad'],
  [0, 'runs clear {door}_etl --state success --dry-run'],
  // Schedules and backfills
  [0, 'dags reschedule {door}_etl --skip 2 --dry-run'],
  [0, 'dags reschedule {door}_etl --run-now --dry-run'],
  [0, 'backfill {door}_etl --start 2026-03-01 --end 2026-03-03 --dry-run'],
  [0, 'backfill {door}_etl --start 2026-03-01 --end 2026-03-03 --tasks extract'],
  [0, 'backfill list {door}_etl'],
  [0, 'dags pause {door}_etl'],
  [0, 'backfill {door}_etl --start 2026-04-01 --end 2026-04-02 --detach'],
  // Variables, pools, assets, connections, accounts
  [0, 'variables set {door}_v {"a":[1]}'],
  [0, 'variables set {door}_v text --description why'],
  [0, 'variables get {door}_v'],
  [0, 'variables history {door}_v'],
  [0, 'variables set {door}_v hidden --secret'],
  [2, 'variables get {door}_v'],
  [0, 'variables history {door}_v'],
  [0, 'variables delete {door}_v'],
  [2, 'variables set parallelism many'],
  [0, 'variables list'],
  [0, 'variables export'],
  [0, 'pools set {door}_p 3 --description slots'],
  [0, 'pools get {door}_p'],
  [0, 'pools delete {door}_p'],
  [0, 'pools list'],
  [0, 'assets list'],
  [0, 'connections set {door}_c postgres://ann:secret@db/warehouse --description where'],
  [0, 'connections get {door}_c'],
  [0, 'connections delete {door}_c'],
  [1, 'connections delete {door}_c'],
  [0, 'connections list'],
  [0, 'connections export'],
  [0, 'users create {door}-user --role Operator --password-stdin'],
  [1, 'users create {door}-user --password-stdin'],
  [0, 'users set-role {door}-user --role Editor'],
  [0, 'users disable {door}-user'],
  [0, 'users enable {door}-user'],
  [0, 'tokens create {door}-user --name ci --expires 2099-01-01'],
  [0, 'tokens list {door}-user'],
  [1, 'tokens revoke {door}-user 4711'],
  // The command line itself
  [2, 'dags lst'],
  [2, 'dags trigger'],
  [2, 'runs list --limit none'],
];

/** Rows of which a part differs from call to call, door or no door. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<instant>'],
  [/\d{4}-\d\d-\d\dT15:00:00Z/g, '<instant>'],
  [/__<instant>_[0-9a-f]{8}/g, '<run>'],
  [/"(attemptId|callbackId|id|pid|backfillKey|key|estimateMs)": ("?)\d+(\.\d+)?"?/g, '"$1": <number>'],
  [/about \d[\d.]* m?s/g, 'about <time>'],
  [/beat \d[\d.]* m?s ago/g, 'beat <time> ago'],
  [/tsflow_[\w-]+/g, '<token>'],
  // The DAGs have different names.
  [/("version": "|version )[0-9a-f]{12,32}/g, '$1<version>'],
  // Who asked: somebody at this machine, or an account.
  [/"(actor|triggeredBy|updatedBy)": "(cli:[^"]+|admin)"/g, '"$1": "<somebody>"'],
];

/** How far it was when somebody looked. */
const PROGRESS = /^\d+ of \d+: .*\n/gm;

const folder = mkdtempSync(join(tmpdir(), 'tsflow-elsewhere-'));
let project: InstalledProject;
let server: Record<string, string>;

beforeAll(async () => {
  project = new InstalledProject(DAGS);
  const port = await freePort();
  project.startWith({ TSFLOW_BASE_PATH: '/below' }, 'standalone', '--port', String(port));
  const url = `http://127.0.0.1:${port}/below`;
  await until('the server answers', async () => (await health(url)) === 200);
  await until('the DAGs are known', async () => (await project.json<unknown[]>('dags', 'list')).length === 2);
  const { token } = await project.json<{ token: string }>('tokens', 'create', 'admin', '--name', 'doors');
  server = { TSFLOW_SERVER_URL: url, TSFLOW_TOKEN: token };
}, 180_000);
afterAll(async () => {
  await project[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

it.each(ROWS)('%i: tsflow %s', async (code, command) => {
  const [database, remote] = await Promise.all(DOORS.map((door) => through(door, command)));
  expect(seen(database!, 'database')).toMatchObject({ code });
  expect(seen(remote!, 'server')).toEqual(seen(database!, 'database'));
});

it('leaves nothing where a server was used, and opens no database there', async () => {
  const result = await project.run(['runs', 'list', '--json'], { env: server, cwd: folder });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(readdirSync(folder)).toEqual([]);
});

function through(door: DoorName, command: string): Promise<CommandResult> {
  const args = command.replaceAll('{door}', door).split(' ');
  const input = 'correct horse battery';
  return project.run(
    [...args, '--json'],
    door === 'server' ? { env: server, cwd: folder, input } : { input },
  );
}

/** The result without what differs from call to call. */
function seen({ code, stdout, stderr }: CommandResult, door: DoorName) {
  const plain = (text: string) =>
    VOLATILE.reduce((so, [pattern, by]) => so.replaceAll(pattern, by), text.replaceAll(door, '{door}'));
  return { code, stdout: sortedDoors(plain(stdout)), stderr: plain(stderr).replaceAll(PROGRESS, '') };
}

/** Lists of everything hold both doors' own: their order says nothing. */
function sortedDoors(text: string): string {
  return text.replaceAll(/\b(database|server)(?=_)/g, '{door}');
}

async function health(url: string): Promise<number> {
  return fetch(`${url}/health`).then(
    ({ status }) => status,
    () => 0,
  );
}
