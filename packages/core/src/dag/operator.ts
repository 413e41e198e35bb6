import type { Asset } from '../assets/index.ts';
import { defined } from '../defined.ts';
import type { Json, Jsonify } from '../json.ts';
import type { ParamReference } from '../params/index.ts';
import type { TriggerRule } from '../state/index.ts';
import { OPERATOR_BRAND } from './brand.ts';
import type { TaskContext } from './context.ts';
import { DagDefinitionError, suggestion } from './definition-error.ts';
import { type EdgeEnds, wire } from './edges.ts';
import { listNode } from './expand.ts';
import { type FileTemplate, include, isFileTemplate } from './file-template.ts';
import { checkId } from './identifier.ts';
import type { ListExpression } from './list-expression.ts';
import { authoring, currentScope } from './load-session.ts';
import { elementOf, isElement, type MapArgument } from './map-argument.ts';
import {
  type OperatorOptions,
  TASK_OPTION_NAMES,
  type TaskSettings,
  taskSettings,
} from './operator-options.ts';
import type { AnyTaskGroup } from './task-group.ts';
import { type OwnedTaskOutput, type TaskOutput, taskOutput } from './task-output.ts';
import { isContainer, outputsIn, type TemplatedFields } from './template.ts';
import type { TriggerClass } from './trigger.ts';
import type { LiveVariable } from './variable.ts';
import type { OnTimeout, Wait } from './wait.ts';

/**
 * How a field of an operator is treated before `execute` gets it.
 * - `template`: references, functions, Jinja strings and files in it are resolved; shown among the rendered fields.
 * - `file`: names a file beside the DAG file, which must exist; `execute` gets its rendered text; shown too.
 * - `input`: references in it are resolved, and nothing else: text is data.
 * - `value`: given as it is.
 */
export type FieldKind = 'template' | 'file' | 'input' | 'value';

/** Declares the fields of an operator class: `static override readonly fields: FieldKinds<MyFields> = { … }`. */
export type FieldKinds<Fields> = { readonly [K in keyof Required<Fields>]: FieldKind };

/** What the outcome of a task decides about what comes after it. */
export type Decides = 'branch' | 'short_circuit' | 'until';

/** Any operator, whatever it returns and takes. */
export type AnyOperator = Operator<unknown, object, never>;

/** A task that is mapped: its output is the list of what its instances returned, in order, without nulls. */
export type MappedOperator<Output> = Operator<Collected<Awaited<Output>>, object, never>;

/** What the instances of a mapped task returned, for who reads it from outside. */
export type Collected<Output> = Exclude<Output, null | undefined | void>[];

/** Options of which some are still to come: those that `partial` takes. */
type PartialOptions<Options extends OperatorOptions> = Partial<Options> & Pick<Options, 'taskId'>;

/**
 * Says, for an operator class that is generic in its output, which option makes it, and what it is without that option. Nothing that is there
 * at run time; `partial` reads it, because the compiler does not carry the type parameters of a class through a static method.
 *
 * ```ts
 * declare static readonly outputBy: OutputBy<'parse', Json>;
 * ```
 */
export interface OutputBy<Option extends string, Otherwise> {
  /** Its name: an option that is a function, whose result becomes the output. */
  readonly option: Option;
  /** The output when that option is not given. */
  readonly otherwise: Otherwise;
}

/** What an instance returns. A class that is generic in it leaves it unknown here; one that settles it needs no rule, also if it inherits one. */
export type OutputFor<Output, Rule, Given> = unknown extends Output
  ? Rule extends OutputBy<infer Option, infer Otherwise>
    ? Given extends { readonly [K in Option]: (...args: never[]) => infer Made }
      ? Made
      : Otherwise
    : Output
  : Output;

/**
 * A misspelt option is an error, as it is in the constructor. A conditional type, because a mapped one would be looked into too early, and
 * functions among the options would not get the types of their arguments.
 */
type NoOthers<Given, Known> = Given extends unknown
  ? { readonly [K in Exclude<keyof Given, Known>]: never }
  : never;

/** A task of which some options are still to come, as lists. */
export interface PartialOperator<Options extends OperatorOptions, Output, Given> {
  /** One instance for each element of the list; several lists make every combination. */
  expand(
    lists: ExpandLists<Omit<Options, keyof Given | keyof OperatorOptions>> & {
      readonly [K in keyof Given]?: never;
    },
  ): MappedOperator<Output>;
}

/** Lists for options: those that must be given and were not, and any other. */
export type ExpandLists<Options> = { readonly [K in keyof Options]: ListFor<Exclude<Options[K], undefined>> };

type ListFor<Value> =
  | readonly Value[]
  | TaskOutput<readonly Value[]>
  | ListExpression<Value>
  | ParamReference<readonly Value[]>
  | LiveVariable<readonly Value[]>;

interface OperatorClass {
  readonly name: string;
  readonly fields: Readonly<Record<string, FieldKind>>;
}

/**
 * A unit of work in a DAG. A subclass says what it takes (`Fields`, declared in the static `fields`), what it gives (`Output`, pushed
 * as XCom), and does it in `execute`. One object serves every attempt, also at the same time: keep what belongs to an attempt out
 * of `this`. `execute` gets the fields resolved, so their types are those of the values.
 *
 * ```ts
 * class Greet extends Operator<string, { name: string }> {
 *   static override readonly fields = { name: 'template' } as const;
 *   execute(context: TaskContext, { name }: { name: string }) {
 *     return `Hello, ${name}`;
 *   }
 * }
 * new Greet({ taskId: 'greet', name: ({ ds }) => `people of ${ds}` });
 * ```
 */
export abstract class Operator<
  Output = unknown,
  Fields extends object = object,
  Options extends OperatorOptions = OperatorOptions & TemplatedFields<Fields>,
> {
  /** What this class takes besides the common options. A subclass of an operator repeats those of its parent. */
  static readonly fields: Readonly<Record<string, FieldKind>> = {};

  /** Classes of the triggers that it defers to. */
  static readonly triggers: readonly TriggerClass[] = [];

  /** With the ids of its groups in front: `group.task`. */
  readonly taskId: string;
  /** The group that it is directly in; null: none. */
  readonly group: AnyTaskGroup | null;
  /** Its common options, checked, with defaults. */
  readonly settings: TaskSettings;
  readonly #triggerRuleGiven: boolean;
  /** The fields as the author gave them, defaults from `defaultArgs` filled in. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Outputs that its fields hold. Each is an edge. */
  readonly inputs: readonly OwnedTaskOutput<unknown>[];
  /** The lists that it is mapped over, and the names of the fields or inputs that take their elements; null: it is not mapped itself. */
  readonly expansion: ReadonlyMap<MapArgument, string> | null;
  /** Ids of the mapped groups around it whose element it reads, or its map index is named by. */
  readonly elementsOf: readonly string[];
  /** What its outcome decides about its downstream. */
  readonly decides: Decides | null = null;
  /** Where the author constructed it. */
  readonly site: Error;
  #role: 'setup' | 'teardown' | null = null;
  #onFailureFailDagRun = false;

  constructor(options: Options) {
    Object.defineProperty(this, OPERATOR_BRAND, { value: true });
    const scope = currentScope();
    if (scope === undefined && authoring().session !== null) {
      throw new DagDefinitionError(
        'misplaced',
        `Task "${String(options?.taskId)}" is constructed outside of a DAG. Construct it in the body: new DAG({ … }, () => { … }).`,
      );
    }
    const operatorClass = this.constructor as unknown as OperatorClass;
    checkOptionNames(operatorClass, options);
    this.taskId = `${scope?.prefix ?? ''}${options.taskId}`;
    checkId('taskId', options.taskId);
    checkId('taskId', this.taskId);
    this.group = scope?.group ?? null;
    const merged: Readonly<Record<string, unknown>> = {
      ...defined(scope?.defaultArgs ?? {}),
      ...defined(options),
    };
    this.settings = taskSettings(`Task "${this.taskId}"`, merged);
    this.#triggerRuleGiven = merged.triggerRule !== undefined;
    this.fields = fieldsOf(operatorClass, merged);
    this.inputs = outputsIn({ fields: this.fields, outlets: this.settings.outlets });
    const { own, groups } = elementsIn(this.taskId, this.fields);
    this.expansion = own.size === 0 ? null : own;
    for (const groupId of groups) checkInside(this.taskId, groupId, this.group);
    this.elementsOf = [...new Set([...groups, ...namedGroupsAround(this.group)])];
    if (this.settings.mapIndexTemplate !== null) checkIsMapped(this.taskId, this.expansion, this.group);
    this.site = new Error('task');
    scope?.adoptOperator(anyOperator(this));
  }

  /**
   * Begins a task that is mapped: what is given here all instances share, `expand` says which options take the elements of lists.
   *
   * ```ts
   * const load = BashOperator.partial({ taskId: 'load', command: './load.sh' }).expand({ env: tables.output.map((table) => ({ TABLE: table })) });
   * ```
   *
   * A class that is generic in its output says which option makes it, see {@link OutputBy}.
   */
  static partial<Options extends OperatorOptions, Output, Rule, Given extends PartialOptions<Options>>(
    this: (new (options: Options) => Operator<Output, never, never>) & { readonly outputBy?: Rule },
    options: Given & PartialOptions<Options> & NoOthers<Given, keyof Options>,
  ): PartialOperator<Options, OutputFor<Output, Rule, Given>, Given> {
    return {
      expand: (lists) => {
        const expanded = Object.entries(lists)
          .filter(([, list]) => list !== undefined)
          .map(([name, list]) => [
            name,
            elementOf({
              node: listNode(list, `Task "${options.taskId}": ${name}`),
              groupId: null,
              name: null,
            }),
          ]);
        const all: unknown = { ...options, ...Object.fromEntries(expanded) };
        // Its instances return what this class returns; what others read of it is the list of that.
        return new this(all as Options) as unknown as MappedOperator<OutputFor<Output, Rule, Given>>;
      },
    };
  }

  /**
   * Does the work of one attempt. What it returns must be JSON and becomes the task's output; `undefined` pushes nothing.
   * Throwing fails the try; see `TaskSkipped`, `TaskFailed`, `TaskRescheduled` for the other ends.
   */
  abstract execute(context: TaskContext, fields: Fields): Output | Promise<Output>;

  /**
   * Undoes what goes on outside of the process (a cloud job) when an attempt is killed, cleared or timed out, whatever it was
   * waiting for. May run in another process than `execute` did: what it needs to know is in `context.state`.
   */
  onKill?(context: TaskContext): void | Promise<void>;

  /**
   * Called instead of `execute` after a deferral (`TaskDeferred`), with what the wait brought: the trigger's event, or null. Without
   * it that is the task's output, and no process is started for it.
   */
  resume?(context: TaskContext, event: Json, fields: Fields): Output | Promise<Output>;

  /** What the task waits for, when it is nothing but a wait that the scheduler can answer without a process; null: it is more. */
  get wait(): { readonly on: Wait; readonly timeoutMs: number | null; readonly onTimeout: OnTimeout } | null {
    return null;
  }

  /** The groups that it chooses one of, by the names under which its outcome does; null: it chooses among its direct downstream, if at all. */
  get sides(): Readonly<Record<string, string>> | null {
    return null;
  }

  /** The asset whose events it waits for; null: none. */
  get sensedAsset(): Asset | null {
    return null;
  }

  /** Stands for what the task will return. Passing it on wires the edge. */
  get output(): TaskOutput<Jsonify<Awaited<Output>>> {
    return taskOutput(this);
  }

  /** The connection that it uses when the author names none. */
  get defaultConnectionId(): string | null {
    return null;
  }

  /** Connections that it is known to use: those that the author declared, and a field `connectionId` that names one. */
  get connectionIds(): readonly string[] {
    const connectionId = this.fields.connectionId ?? this.defaultConnectionId;
    const own = typeof connectionId === 'string' ? [connectionId] : [];
    return [...new Set([...this.settings.connections, ...own])];
  }

  /** Whether success may be recorded without running it. */
  get nothingToDo(): boolean {
    return false;
  }

  /** Name of its class, for people and reports. */
  get operatorName(): string {
    // A bundler that has to rename a class puts an underscore in front of it.
    return this.constructor.name.replace(/^_+/, '').replace(/\d+$/, '');
  }

  /** This task before each of `others`. Returns itself. */
  before(...others: readonly EdgeEnds[]): this {
    wire([anyOperator(this)], others.flat(), new Error('edge'));
    return this;
  }

  /** This task after each of `others`. Returns itself. */
  after(...others: readonly EdgeEnds[]): this {
    wire(others.flat(), [anyOperator(this)], new Error('edge'));
    return this;
  }

  /** Makes it a setup: what lies between it and its teardowns waits for it, however far away. Returns itself. */
  asSetup(): this {
    this.#role = 'setup';
    return this;
  }

  /**
   * Makes it a teardown: runs when what is above it is done and a setup succeeded, and does not decide about the run unless
   * `onFailureFailDagRun`. Wires each of `setups` before it, and makes them setups. Returns itself.
   */
  asTeardown(
    options: {
      readonly setups?: AnyOperator | readonly AnyOperator[];
      readonly onFailureFailDagRun?: boolean;
    } = {},
  ): this {
    const setups = [options.setups ?? []].flat();
    for (const setup of setups) setup.asSetup();
    this.#role = 'teardown';
    this.#onFailureFailDagRun = options.onFailureFailDagRun ?? false;
    return setups.length === 0 ? this : this.after(setups);
  }

  /** The rule it runs by: what the author gave, else that of teardowns or `all_success`. */
  get triggerRule(): TriggerRule {
    return this.isTeardown && !this.#triggerRuleGiven ? 'all_done_setup_success' : this.settings.triggerRule;
  }

  /** Whether {@link asSetup} made it a setup. */
  get isSetup(): boolean {
    return this.#role === 'setup';
  }

  /** Whether {@link asTeardown} made it a teardown. */
  get isTeardown(): boolean {
    return this.#role === 'teardown';
  }

  /** Whether the run fails when it does, although it is a teardown. */
  get onFailureFailDagRun(): boolean {
    return this.#onFailureFailDagRun;
  }
}

/**
 * An operator as those see it who take any. Needed only where its types are still parameters, inside of the class: the compiler leaves open
 * what `Jsonify<Awaited<Output>>` makes of an output that it does not know, and so whether it is one of `unknown`. Any class is one.
 */
function anyOperator<Output, Fields extends object, Options extends OperatorOptions>(
  operator: Operator<Output, Fields, Options>,
): AnyOperator {
  return operator as AnyOperator;
}

/** The lists that a task with these fields is mapped over, and the groups whose element it reads. */
function elementsIn(
  taskId: string,
  fields: Readonly<Record<string, unknown>>,
): { own: Map<MapArgument, string>; groups: readonly string[] } {
  const own = new Map<MapArgument, string>();
  const groups = new Set<string>();
  const visit = (value: unknown, path: readonly string[]): void => {
    if (isElement(value)) {
      const { argument } = value;
      if (argument.groupId !== null) groups.add(argument.groupId);
      else if (path.length > 2 || (path.length === 2 && path[0] !== 'inputs')) throw tooDeep(taskId, path);
      else if (!own.has(argument)) own.set(argument, path.at(-1)!);
    } else if (isContainer(value)) {
      for (const [name, member] of Object.entries(value)) visit(member, [...path, name]);
    }
  };
  visit(fields, []);
  return { own, groups: [...groups] };
}

/** The types see an input that is expanded; one inside of a list or object they would miss, and the output would be mistaken. */
function tooDeep(taskId: string, path: readonly string[]): DagDefinitionError {
  return new DagDefinitionError(
    'invalid_option',
    `Task "${taskId}": expand() stands inside of ${path.slice(0, -1).join('.')}. Give it as an input of its own, and build the object in the task.`,
  );
}

function checkInside(taskId: string, groupId: string, group: AnyTaskGroup | null): void {
  for (let around = group; around !== null; around = around.parent) if (around.groupId === groupId) return;
  throw new DagDefinitionError(
    'invalid_option',
    `Task "${taskId}" reads an element of the mapped group "${groupId}" but is not in it: outside there is no index.`,
  );
}

function namedGroupsAround(group: AnyTaskGroup | null): readonly string[] {
  const ids: string[] = [];
  for (let around = group; around !== null; around = around.parent)
    if (around.mapIndexTemplate !== null) ids.push(around.groupId);
  return ids;
}

function checkIsMapped(taskId: string, expansion: Operator['expansion'], group: AnyTaskGroup | null): void {
  if (expansion !== null) return;
  for (let around = group; around !== null; around = around.parent) if (around.expansion !== null) return;
  throw new DagDefinitionError(
    'invalid_option',
    `Task "${taskId}" has a mapIndexTemplate, and is neither mapped nor in a mapped group: there is no index to name.`,
  );
}

/** Fields that an operator class declares, by name. */
export function fieldKindsOf(operator: AnyOperator): Readonly<Record<string, FieldKind>> {
  return (operator.constructor as unknown as OperatorClass).fields;
}

function checkOptionNames(operatorClass: OperatorClass, options: object): void {
  if (typeof options !== 'object' || options === null) {
    throw new DagDefinitionError(
      'invalid_option',
      `${operatorClass.name} expects an object of options with a taskId.`,
    );
  }
  for (const name of Object.keys(options)) {
    if (TASK_OPTION_NAMES.includes(name) || Object.hasOwn(operatorClass.fields, name)) continue;
    const known = [...TASK_OPTION_NAMES, ...Object.keys(operatorClass.fields)];
    const taskId = String((options as Partial<OperatorOptions>).taskId);
    throw new DagDefinitionError(
      'unknown_option',
      `Task "${taskId}": ${operatorClass.name} has no option "${name}".${suggestion(name, known)}`,
    );
  }
}

function fieldsOf(
  operatorClass: OperatorClass,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(operatorClass.fields)) {
    if (!Object.hasOwn(options, name)) continue;
    fields[name] = kind === 'file' ? asFile(options[name]) : options[name];
  }
  return fields;
}

function asFile(given: unknown): FileTemplate {
  return isFileTemplate(given) ? given : include(String(given));
}
