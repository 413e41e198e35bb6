import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InstalledProject } from '../support/installed-project.ts';

let project: InstalledProject;
beforeAll(async () => {
  project = new InstalledProject();
  const dag = (dagId: string, options: string) => `
    import { chain, DAG, task } from '@tsflow/core';
    export default new DAG({ dagId: '${dagId}', schedule: '0 * * * *', ${options} }, () => {
      const a = task('a', () => 1);
      chain(a, [task('b', () => 1), task('c', () => 1)]);
    });`;
  await project.write({
    'dags/fast.ts': dag('fast', ''),
    'dags/late.ts': dag('late', "deadlines: [{ name: 'in 3 minutes', within: '3m' }]"),
    'dags/off.ts': dag('off', 'pausedUponCreation: true'),
  });
});
afterAll(() => project[Symbol.asyncDispose]());

const simulate = (...args: string[]) =>
  project.run(['simulate', '--start', '2026-01-01', '--end', '2026-01-01', ...args]);

describe('tsflow simulate', () => {
  test('tells what fires, what waits and what is late; exit code 1 for a missed deadline', async () => {
    const result = await simulate('--parallelism', '2', '--duration', '2m');
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/^fast +24 /m);
    expect(result.stdout).toMatch(/2 of 2 at most/);
    expect(result.stdout).toMatch(
      /24 deadlines are missed:\n.*late scheduled__2026-01-01T00:00:00Z: in 3 minutes/,
    );
    expect(result.stdout).not.toContain('off');
  });

  test('is content when everything fits, and speaks JSON', async () => {
    const result = await simulate('--duration', '1m', '--json');
    expect(result.code).toBe(0);
    const report = JSON.parse(result.stdout);
    expect(report.dags.map((dag: { dagId: string; runs: number }) => [dag.dagId, dag.runs])).toEqual([
      ['fast', 24],
      ['late', 24],
    ]);
    expect(report).toMatchObject({ deadlinesMissed: [], slots: { peak: 4, limit: 16, mostWaiting: 0 } });
    expect(report.runs[0]).toMatchObject({
      dueAt: '2026-01-01T00:00:00.000Z',
      endDate: '2026-01-01T00:02:00.000Z',
    });
  });

  test('says what fires when, run by run', async () => {
    const { stdout } = await simulate('fast', '--runs', '--duration', '1m');
    const rows = stdout.slice(stdout.indexOf('due  ')).trim().split('\n');
    expect(rows).toHaveLength(1 + 24);
    expect(rows[1]!.split(/ {2,}/).map((cell) => cell.trim())).toEqual([
      '2026-01-01T00:00:00Z',
      'fast',
      'scheduled__2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:02:00Z',
      'success',
    ]);
  });

  test('draws a picture that stands for itself', async () => {
    const file = join(project.folder, 'timeline.svg');
    await simulate('--svg', file);
    const svg = readFileSync(file, 'utf8');
    expect(svg).toMatch(/^<svg [^>]*aria-label="2 DAGs, 48 runs/);
    expect(svg).not.toMatch(/href|url\(|<script/);
  });

  test('plays the DAGs that are named, paused or not, and refuses others', async () => {
    expect(JSON.parse((await simulate('off', '--json')).stdout).dags).toHaveLength(1);
    expect((await simulate('of')).stderr).toContain('Did you mean "off"?');
    expect((await simulate('--end', '2025-01-01')).stderr).toContain('--end lies before --start');
  });

  test('counts what a pool counts', async () => {
    await using pooled = new InstalledProject();
    await pooled.write({
      'dags/waits.ts': `
        import { DAG, DeltaSensor, task } from '@tsflow/core';
        export default new DAG({ dagId: 'waits', schedule: '@daily', defaultArgs: { pool: 'db' } }, () => {
          new DeltaSensor({ taskId: 'wait', delta: '5m', from: 'runStart' });
          task('work', () => 1);
        });`,
    });
    const ends = async () => {
      const report = await pooled.json<{ runs: { endDate: string }[] }>(
        ...['simulate', '--start', '2026-01-01', '--end', '2026-01-01', '--duration', '1m'],
      );
      return report.runs.map(({ endDate }) => endDate);
    };
    await pooled.run(['pools', 'set', 'db', '1']);
    expect(await ends()).toEqual(['2026-01-01T00:05:00.000Z']);
    await pooled.run(['pools', 'set', 'db', '1', '--include-deferred']);
    expect(await ends()).toEqual(['2026-01-01T00:06:00.000Z']);
  });

  test('changes nothing: there is no database afterwards', () => {
    expect(existsSync(join(project.home, 'tsflow.db'))).toBe(false);
  });
});
