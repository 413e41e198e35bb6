import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { BackfillBody, BackfillPreview } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { durationText } from '../clock/duration-text.ts';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { SidePanel } from '../controls/side-panel.tsx';
import { useAction } from './actions.ts';

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Runs a schedule over a range of the past. What it would create is counted before the button is live. */
export function BackfillPanel({ dagId: fixed, onClose }: { dagId?: string; onClose: () => void }) {
  const { t } = useTranslation();
  const dags = useQuery({ ...queries.dags({ limit: 500 }), enabled: fixed === undefined });
  const [dagId, setDagId] = useState(fixed ?? '');
  const [start, setStart] = useState('');
  const [end, setEnd] = useState('');
  const [reprocess, setReprocess] = useState<'none' | 'failed' | 'completed'>('none');
  const [maxActiveRuns, setMaxActiveRuns] = useState('4');
  const [reverse, setReverse] = useState(false);
  const [unpause, setUnpause] = useState(false);
  const isComplete = dagId !== '' && DATE.test(start) && DATE.test(end);
  const body: BackfillBody = {
    start,
    end,
    reprocess,
    reverse,
    unpause,
    maxActiveRuns: Math.max(1, Math.floor(Number(maxActiveRuns)) || 1),
  };
  const send = (dryRun: boolean) =>
    answer(
      client.POST('/dags/{dagId}/backfills', { params: { path: { dagId } }, body: { ...body, dryRun } }),
    );
  const preview = useQuery({
    queryKey: ['backfillPreview', dagId, body],
    queryFn: async () => (await send(true)) as BackfillPreview,
    enabled: isComplete,
    retry: false,
  });
  const create = useAction(() => send(false), t('backfill.started', { dagId }), onClose);
  const command = [
    'tsflow backfill',
    shellWord(dagId || 'DAG'),
    `--start ${shellWord(start || '2026-01-01')}`,
    `--end ${shellWord(end || '2026-01-31')}`,
    ...(reprocess === 'none' ? [] : [`--reprocess ${reprocess}`]),
    `--max-active-runs ${body.maxActiveRuns}`,
    ...(reverse ? ['--reverse'] : []),
  ].join(' ');
  return (
    <SidePanel title={fixed ? t('backfill.titleOf', { dagId: fixed }) : t('backfill.new')} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (preview.data && !create.isPending) create.mutate(undefined);
        }}
      >
        {fixed ? null : (
          <label>
            DAG
            <select
              className="field"
              required
              value={dagId}
              onChange={(event) => setDagId(event.target.value)}
            >
              <option value="" />
              {dags.data?.items.map((dag) => (
                <option key={dag.dagId}>{dag.dagId}</option>
              ))}
            </select>
          </label>
        )}
        <div className="form-row">
          <label>
            {t('backfill.from')}
            <input
              type="date"
              className="field"
              required
              value={start}
              onChange={(event) => setStart(event.target.value)}
            />
          </label>
          <label>
            {t('backfill.to')}
            <input
              type="date"
              className="field"
              required
              value={end}
              onChange={(event) => setEnd(event.target.value)}
            />
          </label>
        </div>
        <label>
          {t('backfill.reprocess')}
          <select
            className="field"
            value={reprocess}
            onChange={(event) => setReprocess(event.target.value as typeof reprocess)}
          >
            <option value="none">{t('backfill.missing')}</option>
            <option value="failed">{t('backfill.failed')}</option>
            <option value="completed">{t('backfill.all')}</option>
          </select>
        </label>
        <label>
          {t('dag.maxActiveRuns')}
          <input
            type="number"
            min={1}
            className="field"
            value={maxActiveRuns}
            onChange={(event) => setMaxActiveRuns(event.target.value)}
          />
        </label>
        <label className="check">
          <input type="checkbox" checked={reverse} onChange={(event) => setReverse(event.target.checked)} />
          {t('backfill.newestFirst')}
        </label>
        <label className="check">
          <input type="checkbox" checked={unpause} onChange={(event) => setUnpause(event.target.checked)} />
          {t('trigger.unpause')}
        </label>
        <div aria-live="polite">
          {preview.isError ? (
            <ErrorNotice error={preview.error} what={t('backfill.cannot')} />
          ) : preview.data ? (
            <dl className="pairs">
              <dt>{t('backfill.inRange')}</dt>
              <dd>{preview.data.total}</dd>
              <dt>{t('backfill.exist')}</dt>
              <dd>{preview.data.existing}</dd>
              <dt>{t('backfill.running')}</dt>
              <dd>{preview.data.inFlight}</dd>
              <dt>{t('backfill.toClear')}</dt>
              <dd>{preview.data.toClear}</dd>
              <dt className="strong">{t('backfill.toCreate')}</dt>
              <dd className="strong">{preview.data.toCreate}</dd>
              {preview.data.estimateMs === null ? null : (
                <>
                  <dt>{t('backfill.estimate')}</dt>
                  <dd>{durationText(preview.data.estimateMs)}</dd>
                </>
              )}
              {preview.data.first ? (
                <>
                  <dt>{t('backfill.firstLast')}</dt>
                  <dd>
                    {preview.data.first.slice(0, 16).replace('T', ' ')} –{' '}
                    {preview.data.last?.slice(0, 16).replace('T', ' ')} UTC
                  </dd>
                </>
              ) : null}
            </dl>
          ) : (
            <p className="hint">{t('backfill.chooseRange')}</p>
          )}
        </div>
        <div className="form-actions">
          <button
            type="submit"
            className="button"
            data-kind="primary"
            disabled={!preview.data || preview.isFetching || create.isPending}
          >
            {t('backfill.start', { count: (preview.data?.toCreate ?? 0) + (preview.data?.toClear ?? 0) })}
          </button>
          <CopyCommand command={command} />
        </div>
      </form>
    </SidePanel>
  );
}
