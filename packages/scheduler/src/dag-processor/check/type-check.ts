import { dirname, join, relative, resolve, sep } from 'node:path';
import { TsflowError } from '@tsflow/core/errors';
import type TypeScript from 'typescript';
import { codeFrame } from '../code-frame.ts';
import type { CheckProblem } from './check-report.ts';

/** Thrown when the folder's tsconfig cannot be read: its types cannot be checked. */
export class TypeCheckError extends TsflowError {
  constructor(message: string) {
    super('type_check_impossible', message);
  }
}

/**
 * Checks the types of DAG files with TypeScript's own compiler, which bundling does not. The nearest `tsconfig.json` above the folder rules;
 * without one the defaults are strict, NodeNext and what the files in tsflow's guide need.
 *
 * Incremental: what was found out is kept in `cacheFile`, so that a second check of an unchanged folder takes a fraction.
 *
 * @param files relative to `folder`
 */
export async function typeCheck(
  folder: string,
  files: readonly string[],
  cacheFile: string,
): Promise<readonly CheckProblem[]> {
  if (files.length === 0) return [];
  const { default: ts } = await import('typescript');
  const rootNames = files.map((file) => resolve(folder, file));
  const options = compilerOptions(ts, folder, cacheFile);
  const host = ts.createIncrementalCompilerHost(options);
  const program = ts.createIncrementalProgram({ rootNames, options, host });
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getSemanticDiagnostics(),
  ];
  program.emit(); // Writes the cache alone: `noEmit`.
  return diagnostics
    .filter((diagnostic) => diagnostic.category === ts.DiagnosticCategory.Error)
    .map((diagnostic) => problemOf(ts, folder, diagnostic));
}

function compilerOptions(
  ts: typeof TypeScript,
  folder: string,
  cacheFile: string,
): TypeScript.CompilerOptions {
  const configFile = ts.findConfigFile(folder, ts.sys.fileExists);
  const own = (configFile === undefined ? null : readOptions(ts, configFile)) ?? strictDefaults(ts);
  return {
    ...own,
    // DAG files are bundled, never built by this: they may import one another with their true names, and nothing is written.
    noEmit: true,
    allowImportingTsExtensions: true,
    incremental: true,
    tsBuildInfoFile: cacheFile,
    // Facets of a build that would only get in the way of a check.
    composite: false,
    declaration: false,
    declarationMap: false,
    emitDeclarationOnly: false,
    sourceMap: false,
    inlineSourceMap: false,
    rewriteRelativeImportExtensions: false,
    skipLibCheck: true,
  };
}

function strictDefaults(ts: typeof TypeScript): TypeScript.CompilerOptions {
  return {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noUncheckedIndexedAccess: true,
    resolveJsonModule: true,
    esModuleInterop: true,
    types: ['*'],
  };
}

/** Null: the file only names other projects, as the one at the top of a monorepo does, and says nothing of the dags folder. */
function readOptions(ts: typeof TypeScript, configFile: string): TypeScript.CompilerOptions | null {
  const { config, error } = ts.readConfigFile(configFile, ts.sys.readFile);
  if (error !== undefined) throw unreadable(ts, configFile, error);
  if (config.references !== undefined && config.compilerOptions === undefined && config.extends === undefined)
    return null;
  // The files are those that the dags folder has, whatever the configuration includes.
  const parsed = ts.parseJsonConfigFileContent(
    { ...config, files: [], include: undefined, references: undefined },
    ts.sys,
    dirname(configFile),
    undefined,
    configFile,
  );
  const serious = parsed.errors.find(({ code }) => code !== NO_INPUTS);
  if (serious !== undefined) throw unreadable(ts, configFile, serious);
  return parsed.options;
}

/** "The 'files' list in config file is empty." */
const NO_INPUTS = 18002;

function unreadable(ts: typeof TypeScript, configFile: string, error: TypeScript.Diagnostic): TypeCheckError {
  return new TypeCheckError(
    `${configFile} cannot be used: ${ts.flattenDiagnosticMessageText(error.messageText, ' ')} Mend it, or check without types.`,
  );
}

function problemOf(ts: typeof TypeScript, folder: string, diagnostic: TypeScript.Diagnostic): CheckProblem {
  const message = `${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')} (TS${diagnostic.code})`;
  const { file, start } = diagnostic;
  if (file === undefined || start === undefined) {
    return { file: '', line: null, column: null, message, kind: 'type', severity: 'error', codeFrame: null };
  }
  const at = file.getLineAndCharacterOfPosition(start);
  const place = { line: at.line + 1, column: at.character + 1 };
  return {
    file: relative(folder, file.fileName).split(sep).join('/'),
    ...place,
    message,
    kind: 'type',
    severity: 'error',
    codeFrame: codeFrame(file.text, place.line, place.column),
  };
}

/** Where the cache of a folder's type check lies below the home. */
export function typeCacheFile(home: string): string {
  return join(home, 'check', 'types.tsbuildinfo');
}
