/** Something that is wrong with a DAG file, or might be. Lines and columns count from 1; `file` is relative to the dags folder. */
export interface CheckProblem {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  /** As of an import error (`syntax`, `cycle`, `timeout`, …), or `type`, `redundant_edge`. */
  readonly kind: string;
  readonly severity: 'error' | 'warning';
  readonly codeFrame: string | null;
}

/** What `checkDags` found. A folder is fit to deploy when `errors` is 0. */
export interface CheckReport {
  /** By file, then by line. */
  readonly problems: readonly CheckProblem[];
  readonly errors: number;
  readonly warnings: number;
  /** DAG files that were read. */
  readonly files: number;
  /** Ids of the DAGs that loaded, sorted. */
  readonly dagIds: readonly string[];
  readonly tookMs: number;
}

export function checkReport(
  problems: readonly CheckProblem[],
  facts: Pick<CheckReport, 'files' | 'dagIds' | 'tookMs'>,
): CheckReport {
  const sorted = [...problems].sort(
    (a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  const errors = sorted.filter((problem) => problem.severity === 'error').length;
  return { problems: sorted, errors, warnings: sorted.length - errors, ...facts };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
