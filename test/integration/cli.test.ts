import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstalledProject } from '../support/installed-project.ts';

let project: InstalledProject;
beforeAll(() => {
  project = new InstalledProject();
});
afterAll(() => project[Symbol.asyncDispose]());

describe('the command line', () => {
  it('tells its version and its nouns', async () => {
    expect((await project.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await project.run(['--help']);
    expect(help.code).toBe(0);
    for (const noun of ['standalone', 'backfill', 'variables', 'Exit codes:'])
      expect(help.stdout).toContain(noun);
  });

  it.each([
    [['dgas'], "unknown command 'dgas'"],
    [['dags', 'lst'], '(Did you mean list?)'],
    [['runs', 'list', '--limit', 'x'], 'Expected a whole number from 1'],
    [['backfill', 'etl'], "required option '--start <date>' not specified"],
  ])('%j is wrong usage: exit code 2', async (args, message) => {
    const result = await project.run(args);
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  });

  it('says wrong usage as JSON too when JSON was asked for', async () => {
    const { code, stdout } = await project.run(['dags', 'lst', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'invalid_input', message: expect.stringContaining("unknown command 'lst'") },
    });
  });

  it('says errors in words, with --json as JSON too, and where they come from only when asked', async () => {
    const plain = await project.run(['dags', 'show', 'nope']);
    expect(plain).toMatchObject({ code: 1, stdout: '' });
    expect(plain.stderr).toMatch(/^error: DAG "nope" does not exist\. .*\n$/);
    const json = await project.run(['dags', 'show', 'nope', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'not_found' } });
    expect((await project.run(['dags', 'show', 'nope', '--verbose'])).stderr).toMatch(/\n\s+at /);
  });

  it('ends quietly when its reader has seen enough', async () => {
    const child = project.spawn(['config', 'list']);
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(stderr).toBe('');
  });

  it('paints nothing into a pipe', async () => {
    expect((await project.run(['config', 'list'])).stdout).not.toContain('\u001b');
  });
});

describe('configuration', () => {
  it('reports every problem at once', async () => {
    const result = await project.run(['config', 'list'], { env: { TSFLOW_PORT: 'x', TSFLOW_HOEM: '/x' } });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('TSFLOW_PORT: expected a whole number');
    expect(result.stderr).toContain('Did you mean TSFLOW_HOME?');
  });

  it('reads tsflow.config.ts, and says where each setting comes from', async () => {
    await using own = new InstalledProject();
    await own.write({
      'tsflow.config.ts':
        "import { defineConfig } from '@tsflow/core/config';\nconst port: number = 9000;\nexport default defineConfig({ port, killGraceMs: '5s' });\n",
    });
    const settings = await own.json<{ name: string; value: unknown; source: string }[]>(
      'config',
      'list',
      '--dags',
      'flows',
    );
    const of = (name: string) => settings.find((setting) => setting.name === name);
    expect(of('port')).toMatchObject({ value: 9000, source: 'file' });
    expect(of('killGraceMs')).toMatchObject({ value: 5000, source: 'file' });
    expect(of('dags')).toMatchObject({ value: join(own.folder, 'flows'), source: 'flag' });
    expect(of('home')).toMatchObject({ source: 'default' });
  });

  it('keeps its home to its owner', async () => {
    await project.run(['db', 'migrate']);
    expect(statSync(join(project.folder, '.tsflow')).mode & 0o777).toBe(0o700);
  });
});

describe('db', () => {
  it('migrates twice without harm, and checks', async () => {
    await using own = new InstalledProject();
    expect(await own.json('db', 'migrate')).toMatchObject({
      applied: expect.arrayContaining(['0001-foundation', '0005-limits-and-recovery']),
    });
    expect(await own.json('db', 'migrate')).toMatchObject({ applied: [] });
    expect(await own.json('db', 'check')).toMatchObject({ dialect: 'sqlite', migrated: true });
  });

  it('says that a database without tables has to be migrated', async () => {
    await using own = new InstalledProject();
    const result = await own.run(['db', 'check']);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('tsflow db migrate') });
  });

  it('says that a server does not answer, exit code 3', async () => {
    const result = await project.run(['db', 'check', '--database-url', 'postgres://u:secret@127.0.0.1:1/x']);
    expect(result.code).toBe(3);
    expect(result.stderr).not.toContain('secret');
  });
});

describe('variables', () => {
  it('refuses a value that one of its own does not take, and changes nothing', async () => {
    const result = await project.run(['variables', 'set', 'parallelism', 'abc']);
    expect(result).toMatchObject({
      code: 2,
      stderr: 'error: parallelism: expected a whole number from 0 (0 pauses), got "abc".\n',
    });
    expect(await project.json('variables', 'get', 'parallelism')).toMatchObject({
      value: 16,
      isDefault: true,
    });
  });

  it('keeps every change', async () => {
    await project.run(['variables', 'set', 'parallelism', '4']);
    await project.run(['variables', 'set', 'parallelism', '0']);
    await project.run(['variables', 'delete', 'parallelism']);
    const history = await project.json<{ from: unknown; to: unknown; actor: string }[]>(
      'variables',
      'history',
      'parallelism',
    );
    expect(history.map(({ from, to }) => [from, to]).sort()).toEqual(
      [
        [null, 4],
        [4, 0],
        [0, null],
      ].sort(),
    );
    expect(history[0]?.actor).toMatch(/^cli:/);
  });

  it('warns of a key that was probably meant to be one of its own', async () => {
    const result = await project.run(['variables', 'set', 'paralelism', '4']);
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('"parallelism"') });
  });

  it('stores JSON as JSON and the rest as text, and never prints a secret', async () => {
    await project.run(['variables', 'set', 'limits', '{"a":[1]}']);
    await project.run(['variables', 'set', 'name', 'Ada Lovelace']);
    await project.run(['variables', 'set', 'code', '007', '--text']);
    const secret = await project.run(['variables', 'set', 'token', 'hunter22', '--secret']);
    expect(secret.stdout).toBe('token is set.\n');
    expect((await project.run(['variables', 'get', 'limits'])).stdout).toBe('{"a":[1]}\n');
    expect((await project.run(['variables', 'get', 'name'])).stdout).toBe('Ada Lovelace\n');
    expect((await project.run(['variables', 'get', 'code'])).stdout).toBe('007\n');
    for (const args of [['list'], ['export'], ['history', 'token'], ['get', 'token'], ['list', '--json']]) {
      const { stdout, stderr } = await project.run(['variables', ...args]);
      expect(stdout + stderr).not.toContain('hunter22');
    }
  });

  it('imports what it exported; one bad value and nothing is written', async () => {
    const { stdout } = await project.run(['variables', 'export']);
    await using other = new InstalledProject();
    expect((await other.run(['variables', 'import', '-'], { input: stdout })).code).toBe(0);
    expect((await other.run(['variables', 'export'])).stdout).toBe(stdout);
    const refused = await other.run(['variables', 'import', '-'], { input: '{"fresh":1,"parallelism":-1}' });
    expect(refused.code).toBe(2);
    expect((await other.run(['variables', 'get', 'fresh'])).code).toBe(1);
  });
});

describe('users', () => {
  it('adds one, gives another password, and keeps the last Admin', async () => {
    await using own = new InstalledProject();
    const ada = await own.json<{ password: string }>('users', 'create', 'ada', '--role', 'Admin');
    const again = await own.json<{ password: string }>('users', 'reset-password', 'ada');
    expect(again.password).not.toBe(ada.password);
    const piped = await own.run(['users', 'create', 'bob', '--password-stdin'], {
      input: 'correct horse battery staple\n',
    });
    expect(piped).toMatchObject({ code: 0, stdout: 'bob (Viewer) is added.\n' });
    expect(await own.run(['users', 'disable', 'ada'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('only Admin'),
    });
    expect(await own.json('users', 'list')).toMatchObject([
      { name: 'ada', role: 'Admin', isDisabled: false },
      { name: 'bob', role: 'Viewer' },
    ]);
  });
});

describe('init', () => {
  it('writes a project that the check accepts, and overwrites nothing', async () => {
    await using own = new InstalledProject();
    const first = await own.json<{ written: string[] }>('init', 'demo');
    expect(first.written).toEqual(['package.json', 'tsconfig.json', '.gitignore', 'dags/hello.ts']);
    expect(await own.json('check', '--dags', 'demo/dags')).toMatchObject({ errors: 0, dagIds: ['hello'] });
    expect((await own.run(['init', 'demo'])).code).toBe(1);
    expect(await own.json('init', 'demo', '--force')).toMatchObject({ written: [], kept: first.written });
  });
});

describe('standalone', () => {
  it('says that the port is taken before anything starts', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const result = await project.run(['standalone', '--port', String(port)]);
    server.close();
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(`Port ${port} of 127.0.0.1 is taken`);
  });
});

it('pipes into head without a word', async () => {
  const bin = join(import.meta.dirname, '../../packages/cli/bin/tsflow.js');
  const { stderr } = await promisify(execFile)(
    'sh',
    ['-c', `"${process.execPath}" "${bin}" config list | head -1`],
    {
      cwd: project.folder,
    },
  );
  expect(stderr).toBe('');
});
