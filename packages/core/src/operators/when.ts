import { isOperator, isTaskGroup } from '../dag/brand.ts';
import type { TaskContext } from '../dag/context.ts';
import { DagDefinitionError } from '../dag/definition-error.ts';
import { wire } from '../dag/edges.ts';
import { FunctionOperator, type TaskCall } from '../dag/function-operator.ts';
import { checkIdComponent } from '../dag/identifier.ts';
import { currentScope, withinScope } from '../dag/load-session.ts';
import { type AnyOperator, Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { TaskOptions } from '../dag/task.ts';
import { type AnyTaskGroup, group, TaskGroup } from '../dag/task-group.ts';
import { isTaskOutput, type TaskOutput } from '../dag/task-output.ts';
import type { InputValues, Reference, TaskInputs } from '../dag/template.ts';
import { EmptyOperator } from './empty-operator.ts';

/** What a side hands on: the value of the task or output that its body returned, else null. */
export type SideValue<Side> =
  Side extends TaskOutput<infer V> ? V : Side extends { readonly output: TaskOutput<infer V> } ? V : null;

type ChooseCall = TaskCall<string | null | undefined>;

interface ChooseFields {
  readonly call: ChooseCall;
  readonly inputs: TaskInputs;
}

interface ChooseOptions extends OperatorOptions {
  readonly call: ChooseCall;
  readonly inputs: TaskInputs;
  readonly sides: Readonly<Record<string, string>>;
}

/** Decides which side of a {@link Choice} is taken: its output is the side's name, or null. Made by {@link when} and {@link match}. */
export class ChooseOperator extends Operator<string | null, ChooseFields, ChooseOptions> {
  static override readonly fields = { call: 'value', inputs: 'input' } as const;
  override readonly decides = 'branch' as const;
  readonly #sides: Readonly<Record<string, string>>;

  constructor({ sides, ...options }: ChooseOptions) {
    super(options as ChooseOptions);
    this.#sides = sides;
  }

  override get sides(): Readonly<Record<string, string>> {
    return this.#sides;
  }

  async execute(context: TaskContext, { call, inputs }: ChooseFields): Promise<string | null> {
    return (await call(context, inputs)) ?? null;
  }
}

/**
 * Tasks of which one side runs, and what comes after them. An edge from it starts where the sides meet again, which is reached whichever was
 * taken (or none); `output` is what the taken side returned. Nothing behind it needs a trigger rule.
 */
export class Choice<Output> extends TaskGroup<void> {
  readonly #output: TaskOutput<Output>;

  constructor(id: string, body: () => TaskOutput<Output>) {
    let output: TaskOutput<Output> | undefined;
    super(id, () => {
      output = body();
    });
    this.#output = output!;
  }

  /** What the body of the side that was taken returned; null when it returned no task, or none was taken. */
  get output(): TaskOutput<Output> {
    return this.#output;
  }
}

/**
 * If, and else: the tasks of one of two sides run, those of the other are skipped as a whole, and what comes after goes on.
 *
 * ```ts
 * const load = when('mode', params.full, { do: () => task('all', loadAll), else: () => task('day', loadDay) });
 * task('report', (_context, { rows }) => rows, { rows: load.output });   // the type of either side
 * ```
 *
 * The condition is a param, an output or a Variable, or a function of the context and `inputs`; judged as JavaScript does: 0, '', null are no.
 * Without `else` nothing runs when it does not hold. `else: () => when(…)` is "else if"; {@link match} chooses among many. In the graph it is a
 * group of this id: `<id>.if`, the sides `<id>.do` and `<id>.else`, and `<id>.join`. A side that failed fails what comes after.
 */
export function when<Do, Else = null, Inputs extends TaskInputs = Record<never, never>>(
  id: string,
  condition: Reference<unknown> | ((context: TaskContext, inputs: InputValues<NoInfer<Inputs>>) => unknown),
  sides: { readonly do: () => Do; readonly else?: () => Else },
  inputs?: Inputs,
  options: TaskOptions = {},
): Choice<SideValue<Do> | SideValue<Else>> {
  for (const name of Object.keys(sides)) {
    if (name !== 'do' && name !== 'else')
      throw new DagDefinitionError(
        'invalid_option',
        `when("${id}") has the sides do and else, not "${name}".`,
      );
  }
  const otherwise = sides.else === undefined ? null : 'else';
  const isReference = typeof condition !== 'function';
  const holds: TaskCall = isReference
    ? (_context, { condition: value }: { readonly condition: unknown }) => value
    : condition;
  return choice(id, 'if', {
    call: async (context, values) => ((await holds(context, values)) ? 'do' : otherwise),
    sides: { ...sides },
    inputs: isReference ? { condition } : (inputs ?? {}),
    options,
  });
}

/**
 * Chooses one side of several by name: the function returns the name of one, or null for none. Names are checked when the file is compiled.
 * Else as {@link when}; in the graph `<id>.match`, the sides `<id>.<name>`, and `<id>.join`.
 *
 * ```ts
 * const sent = match('size', (_context, { rows }) => (rows > 1_000 ? 'bulk' : 'single'), { bulk: () => copy, single: () => insert }, { rows });
 * ```
 */
export function match<
  Sides extends { readonly [name: string]: () => unknown },
  Chosen extends (keyof Sides & string) | null,
  Inputs extends TaskInputs = Record<never, never>,
>(
  id: string,
  choose: (context: TaskContext, inputs: InputValues<NoInfer<Inputs>>) => Chosen | Promise<Chosen>,
  sides: Sides,
  inputs?: Inputs,
  options: TaskOptions = {},
): Choice<SideValue<ReturnType<Sides[keyof Sides]>> | Extract<Chosen, null>> {
  return choice(id, 'match', { call: choose, sides, inputs: inputs ?? {}, options });
}

interface ChoiceSettings {
  readonly call: ChooseCall;
  readonly sides: Readonly<Record<string, (() => unknown) | undefined>>;
  readonly inputs: TaskInputs;
  readonly options: TaskOptions;
}

function choice<Output>(
  id: string,
  word: 'if' | 'match',
  { call, sides, inputs, options }: ChoiceSettings,
): Choice<Output> {
  const bodies = Object.entries(sides).filter(([, body]) => body !== undefined);
  if (bodies.length === 0)
    throw new DagDefinitionError(
      'invalid_option',
      `${word === 'if' ? 'when' : word}("${id}") has nothing to choose from.`,
    );
  for (const [name, body] of bodies) {
    checkIdComponent('groupId', name);
    if (typeof body !== 'function')
      throw new DagDefinitionError(
        'invalid_option',
        `"${id}": the side "${name}" is no function that makes tasks.`,
      );
  }
  return new Choice<Output>(id, () => {
    const prefix = currentScope()!.prefix;
    const chooser = new ChooseOperator({
      ...options,
      taskId: word,
      call,
      inputs,
      sides: Object.fromEntries(bodies.map(([name]) => [name, `${prefix}${name}`])),
    });
    const made = bodies.map(([name, body]) => side(name, body!));
    const outputs = made
      .filter(({ output }) => output !== null)
      .map(({ name, output }) => [name, output] as const);
    const join = joinOf(chooser, Object.fromEntries(outputs));
    const groups = made.map(({ of }) => of);
    wire([chooser], groups, chooser.site);
    wire([chooser, ...groups], [join], chooser.site);
    return join.output as TaskOutput<Output>;
  });
}

/** Runs when a side went well, or none was taken; skipped when the whole choice is. */
const JOIN = { taskId: 'join', triggerRule: 'none_failed_min_one_success' } as const;

function joinOf(chooser: ChooseOperator, outputs: TaskInputs): Operator<unknown, object, never> {
  if (Object.keys(outputs).length === 0) return new EmptyOperator(JOIN);
  return new FunctionOperator<unknown>({
    ...JOIN,
    call: (
      _context,
      { taken, ...values }: { readonly taken: string | null; readonly [side: string]: unknown },
    ) => (taken === null ? null : (values[`of_${taken}`] ?? null)),
    inputs: {
      taken: chooser.output,
      ...Object.fromEntries(Object.entries(outputs).map(([name, output]) => [`of_${name}`, output])),
    },
  });
}

/** A side is a group. One without tasks (it hands on what is there already) gets one that does nothing, for the edges. */
function side(
  name: string,
  body: () => unknown,
): { readonly name: string; readonly of: AnyTaskGroup; readonly output: TaskOutput<unknown> | null } {
  const scope = currentScope()!;
  let tasks = 0;
  const adoptOperator = (operator: AnyOperator): void => {
    tasks += 1;
    scope.adoptOperator(operator);
  };
  const of = withinScope({ ...scope, adoptOperator }, () =>
    group(name, () => {
      const made = body();
      if (tasks === 0) new EmptyOperator({ taskId: 'nothing' });
      return made;
    }),
  );
  return { name, of: of as AnyTaskGroup, output: outputOf(of.exports) };
}

/** The output that a body handed on: of a task, of a choice, or one itself; null: none. */
export function outputOf(made: unknown): TaskOutput<unknown> | null {
  if (isTaskOutput(made)) return made;
  // A task, or another choice; of whichever copy of this package.
  const isTask = isOperator(made) || isTaskGroup(made);
  return isTask && 'output' in made && isTaskOutput(made.output) ? made.output : null;
}
