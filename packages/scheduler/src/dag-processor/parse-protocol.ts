import type { LoadProblem } from '@tsflow/core/loader';
import type { HorizonNeed, SerializedDag } from '@tsflow/core/serialization';
import type { PackedHorizon } from '@tsflow/core/timetables';

/**
 * What the dag processor and a parse child say to one another: a line of JSON each. Requests come on the child's standard
 * input, one file at a time; reports go out on a descriptor of their own, written synchronously, because user code owns
 * standard output and may end the process in the next line.
 *
 *     processor                     child
 *        |                            | imports the loader
 *        | <-------- ready ---------- |
 *        | ---- load {file, ...} ---> |
 *        | <------- loading --------- |   from here on, whatever happens is this file's doing
 *        | <-- loaded or failed ----- |
 *        | ---- load ...              |
 *        | (closes standard input)    | exits
 */
export type ParseRequest = {
  readonly verb: 'load';
  readonly file: string;
  /** The bundle, absolute. */
  readonly bundlePath: string;
  /** The folder of the DAG file itself, absolute: what `./q.sql` in it means. */
  readonly sourceFolder: string;
  /** The dags folder, absolute: files outside of it cannot belong to a version. */
  readonly dagsFolder: string;
  /** What has to be known of the runs of custom timetables, by dagId; those that are missing are new. */
  readonly needs: Readonly<Record<string, HorizonNeed>>;
  /** Most instances that something may be mapped to. */
  readonly maxMapLength: number;
};

/** A DAG that loaded. */
export interface LoadedDag {
  readonly serialized: SerializedDag;
  /** Of a custom timetable. */
  readonly horizon?: { readonly known: PackedHorizon; readonly need: HorizonNeed };
}

export type ParseReport =
  | { readonly verb: 'ready'; readonly pid: number }
  | { readonly verb: 'loading'; readonly file: string }
  | {
      readonly verb: 'loaded';
      readonly file: string;
      readonly parseMs: number;
      readonly dags: readonly LoadedDag[];
      /** Files that the DAGs read through tsflow, absolute. */
      readonly reads: readonly string[];
      /** Takes no more files: it has grown. */
      readonly retiring: boolean;
    }
  | {
      readonly verb: 'failed';
      readonly file: string;
      readonly parseMs: number;
      /** Places are as the stack had them: the processor knows which sources they mean. */
      readonly problem: LoadProblem;
      /** Its state can no longer be trusted: an error came out of nowhere. It exits. */
      readonly retiring: boolean;
    };

/** Descriptor on which the child reports, and the one whose end of file tells its shell that the processor is gone. */
export const REPORT_FD = 3;
export const LIFELINE_FD = 4;
