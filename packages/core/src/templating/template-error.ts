import { TsflowError } from '../errors.ts';

/**
 * Thrown when a template cannot be rendered. `field` is where it stands (`env.DAY`), `line` counts from 1, `template` is its file when it
 * has one.
 */
export class TemplateError extends TsflowError {
  readonly field: string;
  /** What is wrong, without where. */
  readonly problem: string;
  readonly template: string | null;
  readonly line: number | null;

  constructor(
    field: string,
    problem: string,
    place: { readonly template?: string | null; readonly line?: number | null },
    cause?: unknown,
  ) {
    const { template = null, line = null } = place;
    const where = [template, line === null ? null : `line ${line}`]
      .filter((part) => part !== null)
      .join(', ');
    super(
      'template',
      `Template of ${field}${where === '' ? '' : ` (${where})`}: ${problem}`,
      cause === undefined ? undefined : { cause },
    );
    this.field = field;
    this.problem = problem;
    this.template = template;
    this.line = line;
  }
}
