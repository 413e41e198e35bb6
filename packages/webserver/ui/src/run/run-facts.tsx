import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { Run } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { RunPromises } from '../deadlines/run-promises.tsx';
import { ChecksList } from './checks-list.tsx';

/** The rest of what is known of a run: interval, conf, note, what it waits for, and its last events. */
export function RunFacts({ run, zone }: { run: Run; zone: string | undefined }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const { dagId, runId } = run;
  const isOpen = run.state === 'queued' || run.state === 'running';
  const why = useQuery({ ...queries.runWhy(dagId, runId), enabled: isOpen });
  const [note, setNote] = useState(run.note ?? '');
  const save = useMutation({
    mutationFn: () =>
      answer(
        client.PATCH('/dags/{dagId}/runs/{runId}', { params: { path: { dagId, runId } }, body: { note } }),
      ),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['run', dagId, runId] }),
  });
  return (
    <div className="run-facts">
      <dl className="pairs">
        <dt>{t('run.id')}</dt>
        <dd className="mono">{runId}</dd>
        {run.dataInterval ? (
          <>
            <dt>{t('run.interval')}</dt>
            <dd>
              <Instant at={run.dataInterval.start} zone={zone} absolute /> –{' '}
              <Instant at={run.dataInterval.end} zone={zone} absolute />
            </dd>
          </>
        ) : null}
        {run.taskIds === null ? null : (
          <>
            <dt>{t('run.onlyTasks')}</dt>
            <dd>{run.taskIds.join(', ')}</dd>
          </>
        )}
        <dt>{t('run.queued')}</dt>
        <dd>
          <Instant at={run.queuedAt} zone={zone} absolute />
        </dd>
        <dt>{t('run.ended')}</dt>
        <dd>
          <Instant at={run.endDate} zone={zone} absolute />
        </dd>
        {run.backfillKey !== null ? (
          <>
            <dt>{t('nav.backfills')}</dt>
            <dd>
              <Link to="/backfills" search={{ dagId }}>
                {run.backfillKey}
              </Link>
            </dd>
          </>
        ) : null}
        <dt>conf</dt>
        <dd>
          <pre className="inline-json">{JSON.stringify(run.conf ?? {}, null, 1)}</pre>
        </dd>
      </dl>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <label>
          {t('run.note')}
          <textarea
            className="field"
            rows={3}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
        <button
          type="submit"
          className="button form-end"
          disabled={save.isPending || note === (run.note ?? '')}
        >
          {t('action.save')}
        </button>
      </form>
      {isOpen ? (
        <div>
          <h2>{t('run.why')}</h2>
          <ChecksList checks={why.data?.items} error={why.error} />
        </div>
      ) : null}
      <RunPromises dagId={dagId} runId={runId} zone={zone} />
    </div>
  );
}
