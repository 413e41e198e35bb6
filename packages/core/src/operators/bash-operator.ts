import { resolve } from 'node:path';
import type { TaskContext } from '../dag/context.ts';
import { DagDefinitionError } from '../dag/definition-error.ts';
import type { FileTemplate } from '../dag/file-template.ts';
import { recordMentionedFiles } from '../dag/mentioned-files.ts';
import { Operator, type OutputBy } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import { TaskSkipped } from '../dag/task-signal.ts';
import type { Templated } from '../dag/template.ts';
import { CommandFailedError, runCommand } from './command.ts';

type EnvValue = string | number | boolean | null;

interface BashFields {
  readonly command?: string;
  readonly commandFile?: string;
  readonly env?: Readonly<Record<string, EnvValue>>;
  readonly cwd?: string;
  readonly skipOnExitCode?: number | readonly number[] | null;
  readonly output?: 'lastLine' | 'none';
  readonly outputProcessor?: (lastLine: string) => unknown;
}

/** Options of a {@link BashOperator}. */
export interface BashOptions<Output> extends OperatorOptions {
  /**
   * What bash runs. Pass values by `env` (`"$DAY"`), never by quoting: what a template puts here is code. Scripts that it names with `./`
   * belong to the DAG's version. Exactly one of this and `commandFile` is given.
   */
  readonly command?: Templated<string> | undefined;
  /** A script beside the DAG file, rendered as a template and then run. */
  readonly commandFile?: string | FileTemplate | undefined;
  /** Values for the script. Numbers become text; null leaves a variable out. */
  readonly env?: Templated<Readonly<Record<string, EnvValue>>> | undefined;
  /** Working directory, relative to the DAG file's. Default: the DAG file's directory. */
  readonly cwd?: Templated<string> | undefined;
  /** Exit codes that mean "skipped". Default 99; null: none. */
  readonly skipOnExitCode?: number | readonly number[] | null | undefined;
  /** What becomes the task's output: the last line of stdout (default), or nothing. */
  readonly output?: 'lastLine' | 'none' | undefined;
  /** Makes the output of the last line: `JSON.parse`, for one. */
  readonly outputProcessor?: ((lastLine: string) => Output) | undefined;
}

/**
 * Runs a command or script with bash, in a process group of its own that a kill ends as a whole. Its lines go to the attempt's log.
 * Fails with `CommandFailedError` ("exited with code 3", "killed by signal 9"), skips on exit code 99.
 *
 * The environment is small: `PATH`, `HOME`, `LANG`, `TZ`, `TMPDIR` (the attempt's scratch directory), the attempt's facts as `TSFLOW_*`,
 * and `env`.
 */
export class BashOperator<Output = string | null> extends Operator<Output, BashFields, BashOptions<Output>> {
  static override readonly fields = {
    command: 'template',
    commandFile: 'file',
    env: 'template',
    cwd: 'template',
    skipOnExitCode: 'value',
    output: 'value',
    outputProcessor: 'value',
  } as const;

  /** For `partial`. */
  declare static readonly outputBy: OutputBy<'outputProcessor', string | null>;

  constructor(options: BashOptions<Output>) {
    super(options);
    if ((this.fields.command === undefined) === (this.fields.commandFile === undefined)) {
      throw new DagDefinitionError(
        'invalid_option',
        `Task "${this.taskId}" needs either a command or a commandFile${this.fields.command === undefined ? '' : ', not both'}.`,
      );
    }
    const { command, cwd } = this.fields;
    if (typeof command === 'string') recordMentionedFiles(command, typeof cwd === 'string' ? cwd : '.');
  }

  async execute(context: TaskContext, fields: BashFields): Promise<Output> {
    const { command, commandFile, env = {}, cwd = '.', skipOnExitCode = 99 } = fields;
    const end = await runCommand(context, {
      file: 'bash',
      args: ['-c', command ?? commandFile!],
      env,
      cwd: resolve(context.dagDirectory, cwd),
      onLine: (line, stream) => context.log.info(line, { stream }),
    });
    if (end.exitCode !== null && [skipOnExitCode].flat().includes(end.exitCode)) {
      throw new TaskSkipped(`The command exited with code ${end.exitCode}, which means skip.`);
    }
    if (end.exitCode !== 0) throw new CommandFailedError('The command', end, end.lastErrorLine);
    return outputOf(fields, end.lastLine) as Output;
  }
}

function outputOf({ output = 'lastLine', outputProcessor }: BashFields, lastLine: string | null): unknown {
  if (output === 'none') return undefined;
  return outputProcessor === undefined ? lastLine : outputProcessor(lastLine ?? '');
}
