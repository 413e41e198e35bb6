import { didYouMean, TsflowError } from '../errors.ts';

/** What can be wrong with the definition of a DAG. These are also the kinds of import errors. */
export type DefinitionProblem =
  | 'unknown_option'
  | 'invalid_option'
  | 'invalid_id'
  | 'duplicate_task_id'
  | 'duplicate_group_id'
  | 'duplicate_dag_id'
  | 'cycle'
  | 'invalid_edge'
  | 'invalid_schedule'
  | 'invalid_params'
  | 'invalid_template'
  | 'missing_file'
  | 'misplaced';

/**
 * Thrown while a DAG file loads, when a definition cannot stand. Its stack leads to the author's line: the loader makes an
 * import error with file, line and a piece of the source of it.
 */
export class DagDefinitionError extends TsflowError {
  /** Stable: what is wrong, for programs. */
  declare readonly code: DefinitionProblem;

  constructor(problem: DefinitionProblem, message: string, options?: ErrorOptions) {
    super(problem, message, options);
  }
}

/** ` Did you mean "retries"?`, or the list of what there is when nothing is close. */
export function suggestion(given: string, known: Iterable<string>): string {
  const names = [...known];
  const closest = didYouMean(given, names);
  if (closest !== undefined) return ` Did you mean "${closest}"?`;
  return names.length === 0 || names.length > 30 ? '' : ` Known: ${names.join(', ')}.`;
}

/** `error`, with a stack that leads to `site`: where the author declared what is wrong, rather than where the check ran. */
export function pointingAt<E extends Error>(site: Error, error: E): E {
  const frames = (site.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
  return error;
}
