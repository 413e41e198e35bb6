import { dirname, join, resolve } from 'node:path';
import { readIfThere, stampOf } from './file-stamp.ts';

/** A file that never says this, and imports nothing that does, is not even bundled. Nearly always it is the import of `@tsflow/core`. */
const MARK = 'tsflow';

const IMPORT = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;
/** A program is written `./a.js` and lies there as `./a.ts`, or is written without an ending. */
const ENDINGS = ['', '.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.mts', '/index.js', '/index.mjs'];

interface Known {
  readonly signature: string;
  readonly mentions: boolean;
  /** What it imports; of a file that mentions tsflow nobody asks. */
  readonly imports: readonly string[];
}

/**
 * Which files have to do with tsflow: those that say so, and those that import one that does, or a package that depends on it - a file that makes
 * its DAGs by a factory of one's own. Remembers what a state of a file said from one look to the next.
 */
export class MentionIndex {
  #before = new Map<string, Known | null>();
  #now = new Map<string, Known | null>();

  /** Begins a look: what is asked from here on is asked of the disk once. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** @param file absolute */
  concernsTsflow(file: string): boolean {
    const reached = new Set([file]);
    for (const one of reached) {
      const known = this.#read(one);
      if (known === null) continue;
      if (known.mentions) return true;
      for (const name of known.imports) {
        if (name.startsWith('node:')) continue;
        const imported = name.startsWith('.') ? this.#sourceOf(name, one) : this.#manifestOf(name, one);
        if (imported !== null) reached.add(imported);
      }
    }
    return false;
  }

  #sourceOf(name: string, importer: string): string | null {
    const written = resolve(dirname(importer), name);
    const asSource = written.replace(/\.(m?)js$/, '.$1ts');
    const files = [...ENDINGS.map((ending) => written + ending), asSource];
    return files.find((file) => this.#read(file) !== null) ?? null;
  }

  /** `package.json` of the package, which names what it depends on. */
  #manifestOf(name: string, importer: string): string | null {
    const parts = name.split('/').slice(0, name.startsWith('@') ? 2 : 1);
    for (let folder = dirname(importer); ; folder = dirname(folder)) {
      const manifest = join(folder, 'node_modules', ...parts, 'package.json');
      if (this.#read(manifest) !== null) return manifest;
      if (dirname(folder) === folder) return null;
    }
  }

  #read(file: string): Known | null {
    const asked = this.#now.get(file);
    if (asked !== undefined) return asked;
    const stamp = stampOf(file);
    const before = this.#before.get(file);
    const known =
      stamp === null
        ? null
        : before?.signature === stamp.signature
          ? before
          : readKnown(file, stamp.signature);
    this.#now.set(file, known);
    return known;
  }
}

function readKnown(file: string, signature: string): Known {
  const text = readIfThere(file) ?? '';
  const mentions = text.includes(MARK);
  const imports =
    mentions || file.endsWith('.json') ? [] : [...text.matchAll(IMPORT)].map(([, , name]) => name!);
  return { signature, mentions, imports };
}
