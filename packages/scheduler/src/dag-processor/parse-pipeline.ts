import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadProblem } from '@tsflow/core/loader';
import type { ParsedDag } from '@tsflow/core/store';
import { type Bundle, bundleFiles } from './bundle.ts';
import { readIfThere } from './file-stamp.ts';
import { type ImportFailure, importFailure, type SourcePlace } from './import-failure.ts';
import type { ParseOutcome, ParsePool } from './parse-pool.ts';
import type { ParseRequest } from './parse-protocol.ts';
import { parsedDags, type VersionFile } from './versions.ts';

/** What a DAG file turned out to be. Paths are relative to the dags folder; `inputs` are all files it was made of, itself included. */
export type FileOutcome =
  | {
      readonly status: 'loaded';
      readonly file: string;
      readonly inputs: readonly string[];
      readonly parseMs: number;
      readonly dags: readonly ParsedDag[];
    }
  | {
      readonly status: 'failed';
      readonly file: string;
      readonly inputs: readonly string[];
      readonly failure: ImportFailure;
    };

export interface ParsePipelineOptions {
  /** The dags folder, absolute. */
  readonly folder: string;
  /** Where bundles are written while they are loaded. Inside the project, so that `node_modules` is found from there. */
  readonly parseFolder: string;
  readonly pool: ParsePool;
  /** Most instances that something may be mapped to: lists in a file that make more are its import error. */
  readonly maxMapLength: number;
}

export interface FileToParse {
  readonly path: string;
  /** It got stuck before. */
  readonly suspect: boolean;
  /** What has to be known of the runs of its custom timetables, by dagId. Default: what a new DAG needs. */
  readonly needs?: ParseRequest['needs'];
}

/** All files that a DAG reads through tsflow, together: they are kept in the database with each version. */
const MAX_READ_BYTES = 16 * 1024 * 1024;

/**
 * Turns DAG files into versions: bundle, write, load in a child, read what they read. `onOutcome` is called once for each file as soon
 * as its end is known, so one that hangs does not hold up the others. Rejects when no file is to blame (esbuild or the
 * children cannot run): the files without an outcome then simply have none.
 */
export async function parseFiles(
  files: readonly FileToParse[],
  lockfileDigest: string | null,
  options: ParsePipelineOptions,
  onOutcome: (outcome: FileOutcome) => void,
): Promise<void> {
  const { bundles, failures } = await bundleFiles(
    options.folder,
    files.map((file) => file.path),
  );
  for (const { inputs, ...failure } of failures) {
    onOutcome({ status: 'failed', file: failure.file, inputs, failure });
  }
  if (bundles.length === 0) return;
  await linkPackages(options);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const parsed = await Promise.allSettled(
    bundles.map(async (bundle) => {
      onOutcome(await parseBundle(bundle, byPath.get(bundle.file)!, lockfileDigest, options));
    }),
  );
  const broken = parsed.find((result) => result.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}

async function parseBundle(
  bundle: Bundle,
  { suspect, needs = {} }: FileToParse,
  lockfileDigest: string | null,
  options: ParsePipelineOptions,
): Promise<FileOutcome> {
  const { folder, parseFolder, pool, maxMapLength } = options;
  const root = join(parseFolder, bundle.digest);
  const bundlePath = join(root, bundle.entry);
  try {
    await mkdir(dirname(bundlePath), { recursive: true });
    await writeFile(`${bundlePath}.map`, bundle.map);
    await writeFile(bundlePath, bundle.code);
    const sourceFolder = dirname(resolve(folder, bundle.file));
    const request = {
      verb: 'load',
      file: bundle.file,
      bundlePath,
      sourceFolder,
      dagsFolder: folder,
      needs,
      maxMapLength,
    } as const;
    const outcome = await pool.parse(request, suspect);
    return await outcomeOf(bundle, root, outcome, lockfileDigest, folder);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function outcomeOf(
  bundle: Bundle,
  root: string,
  outcome: ParseOutcome,
  lockfileDigest: string | null,
  folder: string,
): Promise<FileOutcome> {
  const { file, inputs } = bundle;
  if (outcome.status === 'failed') {
    return { status: 'failed', file, inputs, failure: loadFailure(bundle, root, outcome.problem, folder) };
  }
  const readPaths = outcome.reads.map((path) => relative(folder, path).split(sep).join('/')).sort();
  const allInputs = [...new Set([...inputs, ...readPaths])].sort();
  const reads = await readVersionFiles(folder, readPaths);
  if (!Array.isArray(reads)) {
    const failure = importFailure({ file, place: null, ...(reads as Refusal) }, () => null);
    return { status: 'failed', file, inputs: allInputs, failure };
  }
  const dags = parsedDags(bundle, reads, outcome.dags, lockfileDigest);
  return { status: 'loaded', file, inputs: allInputs, parseMs: outcome.parseMs, dags };
}

interface Refusal {
  readonly kind: string;
  readonly message: string;
}

async function readVersionFiles(folder: string, paths: readonly string[]): Promise<VersionFile[] | Refusal> {
  const files: VersionFile[] = [];
  let bytes = 0;
  for (const path of paths) {
    const content = await readFile(resolve(folder, path)).catch(() => null);
    if (content === null)
      return { kind: 'missing_file', message: `"${path}" was removed while it was read.` };
    bytes += content.byteLength;
    if (bytes > MAX_READ_BYTES) {
      return {
        kind: 'files_too_large',
        message:
          `The files that the DAG reads are larger than ${MAX_READ_BYTES / 1_048_576} MB together ("${path}" passed it). They are kept ` +
          'with every version: name only scripts and queries, and let tasks read data where it is.',
      };
    }
    if (content.includes(0)) {
      return {
        kind: 'binary_file',
        message: `"${path}" is not a text file. Only text belongs to a version: let tasks read data where it is.`,
      };
    }
    files.push({ path, content: content.toString('utf8') });
  }
  return files;
}

/** The child's words with the paths that people know: it saw a copy of the bundle below `root`. */
function loadFailure(bundle: Bundle, root: string, problem: LoadProblem, folder: string): ImportFailure {
  const inFolder = (text: string) => text.replaceAll(`file://${root}`, folder).replaceAll(root, folder);
  const place = placeOf(problem, bundle, root, folder) ?? placeOfImport(bundle, problem.message, folder);
  return importFailure(
    {
      file: bundle.file,
      kind: place !== null && isMissingImport(problem.message) ? 'missing_import' : problem.kind,
      message: inFolder(problem.message),
      place,
      stack: problem.stack === null ? null : inFolder(problem.stack),
    },
    (path) => readIfThere(resolve(folder, path)),
  );
}

const FRAME_PLACE = /((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^\s()]*?):(\d+):(\d+)/;

/** The author's innermost line: named by the error itself, or the first of its stack that is a source of the bundle. */
function placeOf(problem: LoadProblem, bundle: Bundle, root: string, folder: string): SourcePlace | null {
  const named = [{ path: problem.path, line: problem.line, column: problem.column }];
  const frames = (problem.stack ?? '').split('\n').flatMap((line) => {
    const match = /^\s*at /.test(line) ? FRAME_PLACE.exec(line) : null;
    return match === null ? [] : [{ path: match[1]!, line: Number(match[2]), column: Number(match[3]) }];
  });
  for (const { path, line, column } of [...named, ...frames]) {
    if (path === null || line === null) continue;
    const source = sourcePath(path, bundle, root, folder);
    if (source !== null) return { path: source, line, column };
  }
  return null;
}

/** A path of a stack as an input of the bundle; null for packages, for Node and tsflow itself, and for unmapped places. */
function sourcePath(path: string, bundle: Bundle, root: string, folder: string): string | null {
  const absolute = path.startsWith('file://') ? fileURLToPath(path) : path;
  // The map has sources relative to the bundle, so those outside of the dags folder stand at `../` of its copy too.
  const candidates = [root, folder].map((base) => relative(base, absolute).split(sep).join('/'));
  return candidates.find((candidate) => bundle.inputs.includes(candidate)) ?? null;
}

const MISSING_EXPORT = /The requested module '([^']+)' does not provide an export named '([^']+)'/;
const MISSING_PACKAGE = /Cannot find module '([^']+)'|^The package "([^"]+)" is not installed/;

function isMissingImport(message: string): boolean {
  return MISSING_EXPORT.test(message) || MISSING_PACKAGE.test(message);
}

/** Node names the bundle when a package or one of its exports is missing, before a line has run: looks for the import in the sources. */
function placeOfImport(bundle: Bundle, message: string, folder: string): SourcePlace | null {
  const missing = MISSING_PACKAGE.exec(message);
  const wanted = MISSING_EXPORT.exec(message)?.[1] ?? missing?.[1] ?? missing?.[2];
  if (wanted === undefined) return null;
  const own = [bundle.file, ...bundle.inputs.filter((input) => input !== bundle.file)];
  for (const path of own) {
    const place = findQuoted(readIfThere(resolve(folder, path)) ?? '', wanted);
    if (place !== null) return { path, ...place };
  }
  return null;
}

/** Where `text` first stands in quotes, in code: the place of an import or of an id. */
export function findQuoted(source: string, text: string): { line: number; column: number } | null {
  const lines = source.split(/\r\n|\r|\n/);
  for (const [index, line] of lines.entries()) {
    const comment = /^\s*(?:\/\/|\*|\/\*)/.test(line);
    const columns = ["'", '"', '`'].map((quote) => line.indexOf(`${quote}${text}${quote}`));
    const column = Math.min(...columns.filter((found) => found >= 0));
    if (!comment && Number.isFinite(column)) return { line: index + 1, column: column + 1 };
  }
  return null;
}

/**
 * Makes the dags folder's packages visible from the parse folder. Usually they are already, because the home lies in the project; a home
 * elsewhere gets a link to the nearest `node_modules`.
 */
async function linkPackages({ folder, parseFolder }: ParsePipelineOptions): Promise<void> {
  const packages = nearestPackages(folder);
  if (packages === null || isAncestor(dirname(packages), parseFolder)) return;
  await mkdir(parseFolder, { recursive: true });
  await symlink(packages, join(parseFolder, 'node_modules'), 'junction').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
}

/** The `node_modules` that an import in the dags folder looks into first, or null. */
function nearestPackages(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const packages = join(at, 'node_modules');
    if (existsSync(packages)) return packages;
    if (dirname(at) === at) return null;
  }
}

function isAncestor(folder: string, path: string): boolean {
  return !relative(folder, path).startsWith('..');
}
