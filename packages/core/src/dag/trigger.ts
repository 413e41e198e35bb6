import type { Json, JsonObject } from '../json.ts';
import type { TaskContext } from './context.ts';
import { DagDefinitionError } from './definition-error.ts';

const TRIGGER_BRAND = Symbol.for('tsflow.trigger');

/**
 * Something outside of tsflow that a deferred task waits for: a message, a change, the answer of a service. Many triggers wait in one
 * process, so `run` must leave its event loop free: await, and do the work itself in the task.
 *
 * A trigger has no memory but its `args`: after a crash it is made anew from them and `run` is called again, perhaps while an older
 * life of it still waits somewhere. It only looks; it changes nothing. An operator names the classes that it defers to in its static
 * `triggers`, so that they are found by name.
 *
 * ```ts
 * class JobEnded extends Trigger<{ job: string }> {
 *   async run({ signal }: TaskContext) {
 *     return (await jobs.waitFor(this.args.job, { signal })).state;
 *   }
 * }
 * ```
 */
export abstract class Trigger<Args extends JsonObject = JsonObject, Event extends Json = Json> {
  /** Stored with the deferral: small JSON, no secrets. */
  readonly args: Args;

  constructor(args: Args) {
    this.args = args;
    Object.defineProperty(this, TRIGGER_BRAND, { value: true });
  }

  /** Resolves with the event that ends the wait. Throwing fails the try; `TaskSkipped` and `TaskFailed` mean what they always do. */
  abstract run(context: TaskContext): Promise<Event>;
}

/** The trigger of a sensor in the mode `defer`: its own looks. */
export const POKE_TRIGGER = 'Poke';

/** An operator that {@link POKE_TRIGGER} is for. */
export interface Poking {
  /** Looks again and again. Ends with the output, or never. */
  pokeUntilThere(context: TaskContext, fields: unknown): Promise<unknown>;
}

/** The trigger that an operator deferred to, out of what was stored of it. Throws `DagDefinitionError` when it names no such class. */
export function makeTrigger(operator: object, type: string, args: JsonObject): Trigger {
  const { name, triggers = [] } = operator.constructor as {
    name: string;
    triggers?: readonly TriggerClass[];
  };
  const found = triggers.find((one) => one.name === type);
  if (found !== undefined) return new found(args as never);
  throw new DagDefinitionError(
    'invalid_option',
    `${name} defers to the trigger ${type}, which it does not name. Give it: static override readonly triggers = [${type}].`,
  );
}

/** A class of triggers, as an operator lists it. */
export type TriggerClass = new (args: never) => Trigger;

/** Whether `value` is a trigger, whichever copy of this package it was made by. */
export function isTrigger(value: unknown): value is Trigger {
  return typeof value === 'object' && value !== null && TRIGGER_BRAND in value;
}
