import type { JsonObject } from './json.ts';

/**
 * The root of every error that tsflow throws on purpose. `code` is stable across releases and safe to match on; the message
 * says what happened and what to do about it. Facts are readonly fields of the subclasses.
 */
export class TsflowError extends Error {
  /** Stable: what is wrong, for programs. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Thrown when what a person or a program asked for is malformed. The message names the field and what was expected. */
export class InvalidInputError extends TsflowError {
  constructor(message: string, options?: ErrorOptions) {
    super('invalid_input', message, options);
  }
}

/** Thrown when something named does not exist. `kind` is what was looked for ("DAG"), `id` the name that was asked for. */
export class NotFoundError extends TsflowError {
  readonly kind: string;
  readonly id: string;

  constructor(kind: string, id: string, hint = '') {
    super('not_found', `${kind} "${id}" does not exist.${hint === '' ? '' : ` ${hint}`}`);
    this.kind = kind;
    this.id = id;
  }
}

/** Thrown when a request meets a state that forbids it, such as a second run for one slot. */
export class ConflictError extends TsflowError {
  readonly facts: JsonObject;

  constructor(message: string, facts: JsonObject = {}) {
    super('conflict', message);
    this.facts = facts;
  }
}

/** An error as plain data: what crosses a socket, a table or HTTP. Never holds a secret. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
}

/** Longest message or stack kept of an error, in characters: an error may quote a whole document. */
const MAX_ERROR_TEXT = 16_384;
const MAX_CAUSES = 5;

/** Turns anything thrown into plain data. Chains of causes are kept up to five deep; texts are cut at 16,384 characters. */
export function serializeError(thrown: unknown, depth = 0): SerializedError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: cut(describe(thrown)) };
  const code = (thrown as { code?: unknown }).code;
  return {
    name: thrown.name,
    message: cut(thrown.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(thrown.stack === undefined ? {} : { stack: cut(thrown.stack) }),
    ...(thrown.cause === undefined || depth >= MAX_CAUSES
      ? {}
      : { cause: serializeError(thrown.cause, depth + 1) }),
  };
}

/** The message of anything thrown, without its stack. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : describe(thrown);
}

/** The closest of `known` to `given` (edit distance at most a third of its length), for "did you mean" in messages. */
export function didYouMean(given: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(given.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length]!;
}

function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return String(thrown);
  }
}

function cut(text: string): string {
  return text.length <= MAX_ERROR_TEXT
    ? text
    : `${text.slice(0, MAX_ERROR_TEXT)}… (${text.length} characters)`;
}
