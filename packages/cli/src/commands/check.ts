import { type CheckProblem, checkDags } from '@tsflow/scheduler/dag-processor';
import type { Command } from 'commander';
import { type LocalContext, performHere } from '../command-context.ts';
import { EXIT_CODES, type ExitCode } from '../exit-code.ts';
import { formatCount } from '../output/table.ts';

export function register(program: Command): void {
  program
    .command('check')
    .description('load and type-check every DAG file, without a server; exit code 1 when something is wrong')
    .option('--no-types', 'do not check types, which takes most of the time')
    .action(performHere('files', check));
}

async function check(context: LocalContext, options: { types: boolean }): Promise<ExitCode> {
  const config = await context.config();
  const report = await checkDags(config.dags, {
    home: config.home,
    typecheck: options.types,
    maxMapLength: config.maxMapLength,
    limits: { timeoutMs: config.parseTimeoutMs, memoryMb: config.parseMemoryMb },
  });
  context.out.result(report, () => {
    const dags = `${formatCount(report.dagIds.length)} DAGs in ${formatCount(report.files)} files`;
    const verdict =
      report.errors + report.warnings === 0
        ? context.out.paint('green', 'all good')
        : `${formatCount(report.errors)} errors, ${formatCount(report.warnings)} warnings`;
    const took = `${(report.tookMs / 1000).toFixed(1)} s`;
    return [
      ...report.problems.map((problem) => inWords(context, problem)),
      `${dags}: ${verdict} (${took})`,
    ].join('\n');
  });
  return report.errors === 0 ? EXIT_CODES.ok : EXIT_CODES.failed;
}

/** `etl.ts:12:5 error: …`, as editors and terminals link it, and a piece of the source. */
function inWords({ out }: LocalContext, problem: CheckProblem): string {
  const place = [problem.file, problem.line, problem.line === null ? null : problem.column]
    .filter((part) => part !== null)
    .join(':');
  const severity = out.paint(problem.severity === 'error' ? 'red' : 'yellow', problem.severity);
  const frame = problem.codeFrame === null ? '' : `\n${problem.codeFrame}\n`;
  return `${place} ${severity}: ${problem.message}${frame}`;
}
