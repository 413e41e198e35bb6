import { fileURLToPath } from 'node:url';
import { ExecutorHarness } from '../../test/support/executor-harness.ts';

/**
 * Attempts per second through the local executor, without a scheduler and its database: grant, started, one log line, outcome,
 * accepted, for a function task that returns a number.
 *
 * @param inFlight slots: as many attempts are granted before the first one ends
 */
export async function executorAttempts(inFlight: number, total = 20_000): Promise<number> {
  const code = "export default new DAG({ dagId: 'test' }, () => { task('noop', async () => 1); });";
  await using harness = await ExecutorHarness.start('local', code, { concurrency: inFlight, warmRunners: 2 });
  await repeat(harness, inFlight, 500);
  const start = performance.now();
  await repeat(harness, inFlight, total);
  const rate = (total * 1_000) / (performance.now() - start);
  console.log(`  ${harness.rows.rows.size} runners`);
  return rate;
}

function repeat(harness: ExecutorHarness, inFlight: number, total: number): Promise<void> {
  return new Promise((done) => {
    let submitted = 0;
    let ended = 0;
    const next = (): void => {
      submitted += 1;
      harness.submit('noop');
    };
    harness.events.onOutcome = ({ attemptId, grantNumber }) => {
      harness.executor.accept(attemptId, grantNumber);
      ended += 1;
      if (submitted < total) next();
      else if (ended === total) done();
    };
    for (let i = 0; i < inFlight; i++) next();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const inFlight of [1, 2, 16]) {
    const rate = await executorAttempts(inFlight);
    console.log(`${inFlight} slots: ${Math.round(rate).toLocaleString('en')} attempts/s`);
  }
}
