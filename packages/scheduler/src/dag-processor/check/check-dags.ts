import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '@tsflow/core/clock';
import { InvalidInputError } from '@tsflow/core/errors';
import { releaseBundler } from '../bundle.ts';
import { DagFileFinder } from '../discover.ts';
import { separateDuplicates } from '../duplicates.ts';
import { readIfThere } from '../file-stamp.ts';
import type { ImportFailure } from '../import-failure.ts';
import { importFailure } from '../import-failure.ts';
import { type FileOutcome, findQuoted, parseFiles } from '../parse-pipeline.ts';
import { ParsePool } from '../parse-pool.ts';
import type { ParseLimits } from '../parse-process.ts';
import { type CheckProblem, type CheckReport, checkReport } from './check-report.ts';
import { redundantEdges } from './redundant-edges.ts';
import { typeCacheFile, typeCheck } from './type-check.ts';

export interface CheckOptions {
  /** Also check types, which takes most of the time. Default true. */
  readonly typecheck?: boolean;
  /** Where bundles and the cache of types are written; inside the project. Default `.tsflow` beside the folder. */
  readonly home?: string;
  /** Default 30 s a file, 512 MB a child. */
  readonly limits?: Partial<ParseLimits>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Most instances that something may be mapped to. Default 1,024. */
  readonly maxMapLength?: number;
  readonly clock?: Clock;
}

/**
 * Checks a dags folder as the dag processor would read it, without a database and without recording anything: what does not
 * bundle or load, DAGs with one id, superfluous edges (warnings), and the types. Made for CI: all problems at once, with file,
 * line and a piece of the source. Rejects when the folder does not exist, or esbuild or the children cannot run.
 */
export async function checkDags(folder: string, options: CheckOptions = {}): Promise<CheckReport> {
  const clock = options.clock ?? systemClock;
  const startedAt = clock.monotonic();
  const root = resolve(folder);
  const home = resolve(options.home ?? join(root, '..', '.tsflow'));
  const listing = new DagFileFinder(root).look();
  if (listing.folders.length === 0) {
    throw new InvalidInputError(
      `The dags folder ${root} does not exist. Name it with --dags or TSFLOW_DAGS.`,
    );
  }
  const files = [...listing.candidates.keys()];
  const outcomes = await parseAll(root, home, files, clock, options);
  const loaded = outcomes.filter((outcome) => outcome.status === 'loaded');
  const { accepted, duplicates } = separateDuplicates(root, loaded, new Map());
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'failed' ? [outcome.failure] : []));
  const problems = [
    ...failures.map(asProblem),
    ...duplicates.map(({ failure }) => asProblem(failure)),
    ...accepted.flatMap((outcome) => edgeWarnings(root, outcome)),
    ...(options.typecheck === false ? [] : await typeProblems(root, home, files, failures)),
  ];
  return checkReport(problems, {
    files: files.length,
    dagIds: loaded.flatMap(({ dags }) => dags.map((dag) => dag.serialized.dagId)).sort(),
    tookMs: clock.monotonic() - startedAt,
  });
}

async function parseAll(
  folder: string,
  home: string,
  files: readonly string[],
  clock: Clock,
  options: CheckOptions,
): Promise<readonly FileOutcome[]> {
  // A folder of its own: a dag processor may be at work in the same home.
  const parseFolder = join(home, 'check', String(process.pid));
  const pool = new ParsePool({
    limits: { timeoutMs: 30_000, memoryMb: 512, ...options.limits },
    clock,
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  const outcomes: FileOutcome[] = [];
  try {
    await mkdir(parseFolder, { recursive: true });
    const work = files.map((path) => ({ path, suspect: false }));
    const maxMapLength = options.maxMapLength ?? 1_024;
    await parseFiles(work, null, { folder, parseFolder, pool, maxMapLength }, (outcome) =>
      outcomes.push(outcome),
    );
    return outcomes;
  } finally {
    await pool.stop();
    await releaseBundler();
    await rm(parseFolder, { recursive: true, force: true });
  }
}

/** What the compiler says, without what was said already: a file that cannot be bundled does not parse for it either. */
async function typeProblems(
  folder: string,
  home: string,
  files: readonly string[],
  failures: readonly ImportFailure[],
): Promise<readonly CheckProblem[]> {
  await mkdir(join(home, 'check'), { recursive: true });
  const problems = await typeCheck(folder, files, typeCacheFile(home));
  const said = new Set(
    failures
      .filter(({ kind }) => kind === 'syntax' || kind === 'missing_import')
      .map(({ file, line }) => `${file}:${line}`),
  );
  return problems.filter(({ file, line }) => !said.has(`${file}:${line}`));
}

function edgeWarnings(
  folder: string,
  outcome: Extract<FileOutcome, { status: 'loaded' }>,
): readonly CheckProblem[] {
  const source = readIfThere(resolve(folder, outcome.file)) ?? '';
  return outcome.dags.flatMap(({ serialized }) =>
    redundantEdges(serialized).map(({ upstream, downstream, via }) => {
      const found = findQuoted(source, downstream) ?? findQuoted(source, serialized.dagId);
      const failure = importFailure(
        {
          file: outcome.file,
          kind: 'redundant_edge',
          message:
            `${serialized.dagId}: the edge from "${upstream}" to "${downstream}" changes nothing, because ` +
            `"${downstream}" waits for "${via}", which comes after "${upstream}". Leave it out.`,
          place: found === null ? null : { path: outcome.file, ...found },
        },
        () => source,
      );
      return { ...asProblem(failure), severity: 'warning' as const };
    }),
  );
}

function asProblem({ file, line, column, message, kind, codeFrame }: ImportFailure): CheckProblem {
  return { file, line, column, message, kind, severity: 'error', codeFrame };
}
