import { posix, relative, resolve, sep } from 'node:path';
import { TsflowError } from '@tsflow/core/errors';
import type { BuildFailure, BuildOptions, Message, OutputFile } from 'esbuild';
import { digestOf } from './digest.ts';
import { readIfThere } from './file-stamp.ts';
import { type ImportFailure, importFailure } from './import-failure.ts';

/** Files in one esbuild call: bounds its memory (some 30 kB a file with its source map), and is never reached by most. */
const FILES_PER_CALL = 1_000;

/** A DAG file and the local modules it imports, as one module. Independent of where dags folder and home are. */
export interface Bundle {
  /** The DAG file, relative to the dags folder, with `/`. */
  readonly file: string;
  /** Where the bundle goes below a version's directory: `<folder of the file>/<name>.bundle.mjs`. */
  readonly entry: string;
  readonly code: string;
  /** Source map with the sources' text, named `<entry>.map`. */
  readonly map: string;
  /** Every local file that was inlined, the DAG file included, sorted; relative to the dags folder, so `../` may lead out. */
  readonly inputs: readonly string[];
  /** Of entry, code and map. */
  readonly digest: string;
}

export interface BundleResult {
  readonly bundles: readonly Bundle[];
  readonly failures: readonly BundleFailure[];
}

/** A file that cannot be bundled, and the local files that were looked at: an edit of any of them may mend it. */
export interface BundleFailure extends ImportFailure {
  readonly inputs: readonly string[];
}

/** Thrown when esbuild itself cannot run: nothing is wrong with a DAG file. */
export class BundlerError extends TsflowError {
  constructor(message: string, options?: ErrorOptions) {
    super('bundler_unavailable', message, options);
  }
}

/**
 * Bundles DAG files: their local imports inlined, npm packages left external, ESM for Node, source maps kept.
 *
 * One esbuild call takes all files (1,000 in about a second). It fails as a whole when one is bad, so then those named as culprits
 * are taken out and the rest goes again in one call; only when that fails too is each file bundled alone.
 */
export async function bundleFiles(folder: string, files: readonly string[]): Promise<BundleResult> {
  const bundles: Bundle[] = [];
  const failures: BundleFailure[] = [];
  for (let start = 0; start < files.length; start += FILES_PER_CALL) {
    const part = await bundleTogether(folder, files.slice(start, start + FILES_PER_CALL));
    bundles.push(...part.bundles);
    failures.push(...part.failures);
  }
  return { bundles, failures };
}

/** Ends esbuild's helper process once nobody bundles: idle, it would keep some 30 MB. The next call starts it again. */
export async function releaseBundler(): Promise<void> {
  if (activeCalls > 0 || bundler === null) return;
  const { stop } = await bundler;
  if (activeCalls === 0) await stop();
}

async function bundleTogether(folder: string, files: readonly string[]): Promise<BundleResult> {
  const first = await build(folder, files);
  if (first.ok) return { bundles: first.bundles, failures: [] };
  if (files.length === 1) return { bundles: [], failures: [failureOf(folder, files[0]!, first.errors)] };
  const culprits = new Set(first.errors.map((error) => relativePath(folder, error.location?.file ?? '')));
  const bad = files.filter((file) => culprits.has(file));
  const rest = files.filter((file) => !culprits.has(file));
  const second = bad.length > 0 && rest.length > 0 ? await build(folder, rest) : null;
  if (second?.ok) {
    const alone = await bundleAlone(folder, bad);
    return { bundles: [...second.bundles, ...alone.bundles], failures: alone.failures };
  }
  return bundleAlone(folder, files);
}

async function bundleAlone(folder: string, files: readonly string[]): Promise<BundleResult> {
  const bundles: Bundle[] = [];
  const failures: BundleFailure[] = [];
  for (const file of files) {
    const result = await build(folder, [file]);
    if (result.ok) bundles.push(...result.bundles);
    else failures.push(failureOf(folder, file, result.errors));
  }
  return { bundles, failures };
}

type BuildResult = { ok: true; bundles: Bundle[] } | { ok: false; errors: readonly Message[] };

let bundler: Promise<typeof import('esbuild')> | null = null;
let activeCalls = 0;

async function build(folder: string, files: readonly string[]): Promise<BuildResult> {
  if (files.length === 0) return { ok: true, bundles: [] };
  bundler ??= import('esbuild');
  const esbuild = await bundler.catch((cause: unknown) => {
    bundler = null;
    throw new BundlerError('esbuild cannot be loaded, so no DAG file can be read. Install it again: npm ci', {
      cause,
    });
  });
  activeCalls += 1;
  try {
    const { outputFiles, metafile } = await esbuild.build(buildOptions(folder, files));
    return { ok: true, bundles: bundlesOf(folder, files, outputFiles, metafile.outputs) };
  } catch (error) {
    if (!isBuildFailure(error)) {
      throw new BundlerError('esbuild stopped while it bundled DAG files', { cause: error });
    }
    return { ok: false, errors: error.errors };
  } finally {
    activeCalls -= 1;
  }
}

function buildOptions(folder: string, files: readonly string[]) {
  return {
    // Input and output share the dags folder as root, so comments and source maps hold relative paths alone and the same
    // file gives the same bundle on every machine.
    absWorkingDir: folder,
    outbase: folder,
    outdir: folder,
    entryPoints: files.map((file) => ({ in: resolve(folder, file), out: entryOf(file).slice(0, -4) })),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write: false,
    metafile: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: true,
    // Names of functions and classes are shown to people, and esbuild may rename on a clash.
    keepNames: true,
    charset: 'utf8',
    logLevel: 'silent',
    logLimit: 0,
  } satisfies BuildOptions;
}

function bundlesOf(
  folder: string,
  files: readonly string[],
  outputs: readonly OutputFile[],
  described: Readonly<Record<string, { inputs: Readonly<Record<string, unknown>> }>>,
): Bundle[] {
  const texts = new Map(outputs.map((output) => [relativePath(folder, output.path), output]));
  return files.map((file) => {
    const entry = entryOf(file);
    const code = texts.get(entry)!.text;
    const map = texts.get(`${entry}.map`)!.text;
    const inputs = Object.keys(described[entry]!.inputs).map((path) => relativePath(folder, path));
    return {
      file,
      entry,
      code,
      map,
      inputs: [...new Set([...inputs, file])].sort(),
      digest: digestOf(entry, code, map),
    };
  });
}

/** Where the bundle of a DAG file goes, relative to the root of its version. `a.ts` and `a.js` may stand side by side. */
function entryOf(file: string): string {
  const name = posix.extname(file) === '.ts' ? file.slice(0, -'.ts'.length) : file;
  return `${name}.bundle.mjs`;
}

function failureOf(folder: string, file: string, errors: readonly Message[]): BundleFailure {
  const error = errors.find((candidate) => candidate.location !== null) ?? errors[0];
  const location = error?.location ?? null;
  const path = location === null ? null : relativePath(folder, location.file);
  const notes = (error?.notes ?? []).map((note) => note.text).filter((text) => text !== '');
  const more = errors.length > 1 ? [`${errors.length - 1} more like this.`] : [];
  const failure = importFailure(
    {
      file,
      kind: isMissingImport(error) ? 'missing_import' : 'syntax',
      message: [error?.text ?? 'The file cannot be bundled.', ...notes, ...more].join(' '),
      // esbuild counts columns from 0, in bytes.
      place:
        path === null || location === null
          ? null
          : { path, line: location.line, column: characterColumn(location.lineText, location.column) },
    },
    (source) => readIfThere(resolve(folder, source)),
  );
  return { ...failure, inputs: [...new Set([file, ...(path === null ? [] : [path])])].sort() };
}

function isMissingImport(error: Message | undefined): boolean {
  return error !== undefined && /^Could not resolve |^No matching export /.test(error.text);
}

function characterColumn(lineText: string, byteColumn: number): number {
  return Buffer.from(lineText).subarray(0, byteColumn).toString().length + 1;
}

function relativePath(folder: string, path: string): string {
  return path === '' ? '' : relative(folder, resolve(folder, path)).split(sep).join('/');
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors);
}
