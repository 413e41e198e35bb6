import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const FORMAT = 1;

/**
 * Remembers on disk what each DAG file was made of, so that a restart can tell by digests alone that nothing changed. Only a
 * shortcut: without it everything is parsed once more, and gives the same versions.
 */
export class InputIndex {
  readonly #path: string;
  #inputs: ReadonlyMap<string, readonly string[]> = new Map();
  #text = '';

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<void> {
    try {
      const text = await readFile(this.#path, 'utf8');
      const index = JSON.parse(text) as { format: number; inputs: Record<string, readonly string[]> };
      if (index.format !== FORMAT) return;
      this.#inputs = new Map(Object.entries(index.inputs));
      this.#text = text;
    } catch {
      // Not there yet, or cut off by a power failure.
    }
  }

  inputsOf(path: string): readonly string[] | null {
    return this.#inputs.get(path) ?? null;
  }

  replace(inputs: ReadonlyMap<string, readonly string[]>): void {
    this.#inputs = inputs;
  }

  async write(): Promise<void> {
    const text = JSON.stringify({ format: FORMAT, inputs: Object.fromEntries(this.#inputs) });
    if (text === this.#text) return;
    await mkdir(dirname(this.#path), { recursive: true });
    await writeFile(`${this.#path}.new`, text);
    await rename(`${this.#path}.new`, this.#path);
    this.#text = text;
  }
}
