import { parseLimit } from '@tsflow/core/config';
import type { Schemas } from '../door/api.ts';

/** A limit as the API takes it. */
export type Limit = Schemas['PoolSettings']['slots'];

/** Reads a limit of a command line: a number, `variable:NAME=8`, or a daily plan as JSON. Throws `InvalidInputError`. */
export function limitOption(text: string, what: string): Limit {
  const written = parseLimit(text, what);
  if (typeof written === 'number') return written;
  if ('variable' in written) return { ...written };
  const { timezone, windows, ...plan } = written;
  return { ...plan, windows: [...windows], ...(timezone === undefined ? {} : { timezone }) };
}
