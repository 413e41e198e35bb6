import { readFile } from 'node:fs/promises';
import { errorMessage, InvalidInputError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import { readStandardInput } from './standard-input.ts';

/** Reads `--conf`, or another option (`name`) that is given like it: a JSON object, `@file` with one, or `-` for standard input (nothing lands in a shell's history). */
export async function parseConf(given: string | undefined, name = '--conf'): Promise<JsonObject> {
  if (given === undefined) return {};
  let text = given;
  if (given === '-') text = await readStandardInput();
  else if (given.startsWith('@')) text = await readFile(given.slice(1), 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (thrown) {
    throw new InvalidInputError(
      `${name}: expected a JSON object such as '{"mode":"all"}': ${errorMessage(thrown)}`,
      {
        cause: thrown,
      },
    );
  }
  throw new InvalidInputError(
    `${name}: expected a JSON object such as '{"mode":"all"}', got ${text.trim()}.`,
  );
}
