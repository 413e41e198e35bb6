import { TsflowError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';

/** Largest value that a task may push unless the installation says otherwise, in bytes of JSON. */
export const DEFAULT_MAX_XCOM_BYTES = 1024 * 1024;

/** Thrown when a task pushes what cannot be kept: not JSON, or too large. Nothing of it is stored. */
export class XComValueError extends TsflowError {
  readonly key: string;

  constructor(key: string, problem: string, options?: ErrorOptions) {
    super('xcom_value', `The value "${key}" cannot be handed on: ${problem}`, options);
    this.key = key;
  }
}

/**
 * `value` as readers will get it: a Date is a string, `undefined` members are gone. Undefined itself stays undefined: nothing is
 * pushed. Throws {@link XComValueError} for NaN, infinities, BigInt, functions, cycles, and more than `maxBytes`.
 */
export function xcomValue(key: string, value: unknown, maxBytes = DEFAULT_MAX_XCOM_BYTES): Json | undefined {
  if (value === undefined || value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const text = stringify(key, value);
  // A character of JSON has at most three bytes of UTF-8: short texts need no counting.
  if (text.length * 3 > maxBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > maxBytes) {
      throw new XComValueError(
        key,
        `it has ${bytes} bytes of JSON, and at most ${maxBytes} are kept. Store it elsewhere (a file, a bucket, a table) and return where it is.`,
      );
    }
  }
  return typeof value === 'string' ? value : (JSON.parse(text) as Json);
}

function stringify(key: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, function (this: unknown, name, member: unknown) {
      refuse(key, name, member);
      return member;
    });
  } catch (cause) {
    if (cause instanceof XComValueError) throw cause;
    const circular = cause instanceof TypeError && /circular/i.test(cause.message);
    throw new XComValueError(
      key,
      circular ? 'it refers to itself.' : `JSON.stringify says: ${String(cause)}`,
      { cause },
    );
  }
  if (text === undefined) throw new XComValueError(key, `a ${typeof value} is not JSON.`);
  return text;
}

function refuse(key: string, name: string, member: unknown): void {
  const where = name === '' ? '' : ` (member "${name}")`;
  if (typeof member === 'bigint') {
    throw new XComValueError(
      key,
      `a BigInt${where} is not JSON. Return String(value), or Number(value) where it fits.`,
    );
  }
  if (typeof member === 'number' && !Number.isFinite(member)) {
    throw new XComValueError(key, `${member}${where} is not JSON. Return null instead.`);
  }
}
