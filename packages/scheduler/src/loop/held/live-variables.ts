import type { VariableValues } from '@tsflow/core/config';
import type { Json } from '@tsflow/core/json';

/**
 * Variables as last read, of which a few are limits: a value is parsed when it is asked for, once, and a change counts only where somebody
 * asked. Tasks may write Variables all day long.
 */
export class LiveVariables implements VariableValues {
  #texts: ReadonlyMap<string, string> = new Map();
  /** What was asked for, with the text that it was parsed from; undefined: there is no such Variable. */
  readonly #asked = new Map<
    string,
    { readonly text: string | undefined; readonly value: Json | undefined }
  >();

  get(key: string): Json | undefined {
    const text = this.#texts.get(key);
    const known = this.#asked.get(key);
    if (known !== undefined && known.text === text) return known.value;
    const value = text === undefined ? undefined : (JSON.parse(text) as Json);
    this.#asked.set(key, { text, value });
    return value;
  }

  /** Takes what is stored now; true: a value that was asked for is another one. */
  learn(rows: readonly { readonly key: string; readonly value: string }[]): boolean {
    this.#texts = new Map(rows.map(({ key, value }) => [key, value]));
    return [...this.#asked].some(([key, { text }]) => this.#texts.get(key) !== text);
  }
}
