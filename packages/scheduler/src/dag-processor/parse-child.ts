/**
 * The process in which DAG files are loaded for parsing: user code runs here and in the task runner, nowhere else. Told what to
 * load on standard input, it announces each file before it touches it, so that the processor can name the culprit of
 * whatever happens next. See `parse-protocol.ts`.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type AnyDag, checkMapLengths } from '@tsflow/core/dag';
import { describeLoadError, loadBundle } from '@tsflow/core/loader';
import { dagHorizon, type HorizonNeed, serializeDag } from '@tsflow/core/serialization';
import { type LoadedDag, type ParseReport, type ParseRequest, REPORT_FD } from './parse-protocol.ts';

/** Half of the memory it may use: a file should not be blamed for what the files before it left behind. */
const RETIRE_ABOVE_MB = heapLimitMb() / 2;

/** What the database knows of a DAG that it has never seen. */
const NEW: HorizonNeed = { mark: null, range: null };

let loading: { file: string; startedAt: number } | null = null;

process.on('uncaughtException', (error) => fail('uncaught_exception', error));
process.on('unhandledRejection', (error) => fail('unhandled_rejection', error));
process.on('exit', (code) => {
  if (loading === null) return;
  report({
    verb: 'failed',
    file: loading.file,
    parseMs: performance.now() - loading.startedAt,
    problem: {
      ...describeLoadError(new Error('exit')),
      kind: 'exit',
      message: `The file ended the process with exit code ${code} while it was loaded. Code outside of tasks runs whenever the file is read: it may not call process.exit().`,
    },
    retiring: true,
  });
});

report({ verb: 'ready', pid: process.pid });
for await (const line of createInterface({ input: process.stdin })) {
  await load(JSON.parse(line) as ParseRequest);
}
process.exit(0); // Timers and servers that a file left behind would keep it alive.

async function load({
  file,
  bundlePath,
  sourceFolder,
  dagsFolder,
  needs,
  maxMapLength,
}: ParseRequest): Promise<void> {
  loading = { file, startedAt: performance.now() };
  report({ verb: 'loading', file });
  let done: ParseReport;
  try {
    process.chdir(sourceFolder);
    const loaded = await loadBundle(bundlePath, { baseDirectory: sourceFolder, sourceRoot: dagsFolder });
    for (const dag of loaded.dags) checkMapLengths(dag, maxMapLength);
    const dags = loaded.dags.map((dag) => asLoaded(dag, needs[dag.dagId] ?? NEW));
    // A rejection that nobody handles is announced after the microtasks: let it come while this file can be named.
    await new Promise((resolve) => setImmediate(resolve));
    done = {
      verb: 'loaded',
      file,
      parseMs: elapsed(),
      dags,
      reads: [...loaded.readFiles],
      retiring: process.memoryUsage.rss() > RETIRE_ABOVE_MB * 1_048_576,
    };
  } catch (error) {
    done = { verb: 'failed', file, parseMs: elapsed(), problem: describeLoadError(error), retiring: false };
  }
  loading = null;
  report(done);
}

function asLoaded(dag: AnyDag, need: HorizonNeed): LoadedDag {
  const serialized = serializeDag(dag);
  const known = dagHorizon(dag, need, Date.now());
  return known === null ? { serialized } : { serialized, horizon: { known, need } };
}

/** For what came out of nowhere: the state of this process cannot be trusted any more. */
function fail(kind: string, error: unknown): never {
  const file = loading?.file;
  const parseMs = elapsed();
  loading = null;
  if (file !== undefined) {
    report({ verb: 'failed', file, parseMs, problem: { ...describeLoadError(error), kind }, retiring: true });
  }
  process.exit(70);
}

function elapsed(): number {
  return loading === null ? 0 : performance.now() - loading.startedAt;
}

function report(message: ParseReport): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < bytes.length; ) written += writeSync(REPORT_FD, bytes, written);
}

function heapLimitMb(): number {
  const flag = process.execArgv.find((argument) => argument.startsWith('--max-old-space-size='));
  return Number(flag?.split('=')[1] ?? 512);
}
