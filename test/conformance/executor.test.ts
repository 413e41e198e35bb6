import { describe, expect, test } from 'vitest';
import { ExecutorHarness } from '../support/executor-harness.ts';

const CODE = `
export default new DAG({ dagId: 'test' }, () => {
  task('noop', async () => undefined);
  task('value', async () => ({ at: new Date(0), rows: [1, undefined], nothing: undefined }));
});
`;

/** What every executor does with an attempt, wherever it runs it. */
describe.each(['local', 'inline'] as const)('executor: %s', (kind) => {
  test('runs a function task from grant to outcome', async () => {
    await using harness = await ExecutorHarness.start(kind, CODE);
    const report = await harness.run('value');
    expect(report.outcome).toEqual({
      kind: 'success',
      xcoms: { return_value: { at: '1970-01-01T00:00:00.000Z', rows: [1, null] } },
    });
    expect(report.grantNumber).toBe(1);
    expect(harness.events.startedReports.map(({ attemptId }) => attemptId)).toEqual([report.attemptId]);
    const noop = await harness.run('noop');
    expect(noop.outcome).toEqual({ kind: 'success', xcoms: {} });
  });
});
