import type { BackfillBody } from '../api/contract.ts';
import { shellWord } from '../controls/copy-command.tsx';
import { parseConf } from './params-form.ts';

/** What the form of a backfill holds. */
export interface BackfillDraft {
  readonly dagId: string;
  readonly start: string;
  readonly end: string;
  readonly reprocess: 'none' | 'failed' | 'completed';
  readonly maxActiveRuns: string;
  readonly reverse: boolean;
  readonly unpause: boolean;
  /** Tasks or groups that the runs are about; none: all. */
  readonly taskIds: readonly string[];
  readonly upstream: boolean;
  readonly downstream: boolean;
  /** JSON; null: the params' defaults. */
  readonly conf: string | null;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** The draft as REST takes it; null while something is missing or no JSON. */
export function backfillBody(draft: BackfillDraft): BackfillBody | null {
  const conf = draft.conf === null ? null : parseConf(draft.conf);
  if (draft.dagId === '' || !DATE.test(draft.start) || !DATE.test(draft.end) || conf?.ok === false)
    return null;
  const isSubset = draft.taskIds.length > 0;
  return {
    start: draft.start,
    end: draft.end,
    reprocess: draft.reprocess,
    reverse: draft.reverse,
    maxActiveRuns: runsAtOnce(draft),
    ...(draft.unpause ? { unpause: true } : {}),
    ...(isSubset ? { taskIds: [...draft.taskIds] } : {}),
    ...(isSubset && draft.upstream ? { upstream: true } : {}),
    ...(isSubset && draft.downstream ? { downstream: true } : {}),
    ...(conf?.ok && Object.keys(conf.conf).length > 0 ? { conf: conf.conf } : {}),
  };
}

/** The same as a command line. */
export function backfillCommand(draft: BackfillDraft): string {
  const body = backfillBody(draft);
  const isSubset = draft.taskIds.length > 0;
  return [
    'tsflow backfill',
    shellWord(draft.dagId || 'DAG'),
    `--start ${shellWord(draft.start || '2026-01-01')}`,
    `--end ${shellWord(draft.end || '2026-01-31')}`,
    ...(draft.reprocess === 'none' ? [] : [`--reprocess ${draft.reprocess}`]),
    `--max-active-runs ${runsAtOnce(draft)}`,
    ...(draft.reverse ? ['--reverse'] : []),
    ...(isSubset ? [`--tasks ${shellWord(draft.taskIds.join(','))}`] : []),
    ...(isSubset && draft.upstream ? ['--upstream'] : []),
    ...(isSubset && draft.downstream ? ['--downstream'] : []),
    ...(body?.conf ? [`--conf ${shellWord(JSON.stringify(body.conf))}`] : []),
    ...(draft.unpause ? ['--unpause'] : []),
  ].join(' ');
}

function runsAtOnce({ maxActiveRuns }: BackfillDraft): number {
  return Math.max(1, Math.floor(Number(maxActiveRuns)) || 1);
}
