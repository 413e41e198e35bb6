import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { defined } from '@tsflow/core/defined';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { Backfill } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { durationText } from '../clock/duration-text.ts';
import { Instant } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';
import { DagLink } from '../controls/dag-link.tsx';
import type { Column } from '../controls/data-table.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import { SearchField } from '../controls/search-field.tsx';
import { useAction } from '../dialogs/actions.ts';
import { BackfillPanel } from '../dialogs/backfill-panel.tsx';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import { ListView } from '../list/list-view.tsx';
import { useMayWrite } from '../login/role.ts';
import { StateIcon } from '../state/state-icon.tsx';

/** Every backfill with how far it is; pause, go on, cancel. */
export function BackfillsPage() {
  const { t } = useTranslation();
  const now = useNow();
  const mayWrite = useMayWrite();
  const search = useSearch({ from: '/shell/backfills' });
  const { dagId, cursor } = search;
  const navigate = useNavigate({ from: '/backfills' });
  const backfills = useQuery({ ...queries.backfills(defined({ dagId, cursor })), refetchInterval: 3_000 });
  const [creating, setCreating] = useState(false);
  const [cancelling, setCancelling] = useState<Backfill | null>(null);
  const act = useAction(
    ({ key, action }: { key: number; action: 'pause' | 'resume' | 'cancel' }) =>
      answer(client.POST('/backfills/{key}/{action}', { params: { path: { key, action } } })),
    t('backfill.asked'),
    () => setCancelling(null),
  );
  const columns: Column<Backfill>[] = [
    { id: 'key', isSelfEvident: true, header: '#', cell: (each) => each.key, sortBy: (each) => each.key },
    {
      id: 'dag',
      isSelfEvident: true,
      header: 'DAG',
      sortBy: (each) => each.dagId,
      cell: (each) => <DagLink dagId={each.dagId} />,
    },
    {
      id: 'range',
      isSelfEvident: true,
      header: t('backfill.range'),
      cell: (each) => <BackfillRange backfill={each} />,
    },
    {
      id: 'state',
      isSelfEvident: true,
      header: t('dags.state'),
      sortBy: (each) => each.state,
      cell: (each) => (
        <span className="state-label">
          <StateIcon state={ICONS[each.state] ?? 'none'} />
          {t(`backfill.states.${each.state as 'running'}`, { defaultValue: each.state })}
        </span>
      ),
    },
    {
      id: 'progress',
      isSelfEvident: true,
      header: t('backfill.progress'),
      cell: (each) => <Progress backfill={each} now={now} />,
    },
    {
      id: 'counts',
      header: t('backfill.counts'),
      className: 'wide-only',
      cell: (each) => (
        <span className="row-actions task-counts">
          {(['failed', 'running', 'succeeded'] as const).map((name) =>
            each[name] > 0 ? (
              <span key={name} className="count-mark">
                <StateIcon state={name === 'succeeded' ? 'success' : name} size={12} />
                {each[name]}
              </span>
            ) : null,
          )}
          {each.existing + each.inFlight > 0 ? (
            <span className="faint">{t('backfill.leftAlone', { count: each.existing + each.inFlight })}</span>
          ) : null}
        </span>
      ),
    },
    {
      id: 'created',
      header: t('backfill.created'),
      className: 'wide-only',
      cell: (each) => (
        <>
          <Instant at={each.createdAt} /> <span className="soft">{each.actor}</span>
        </>
      ),
    },
    {
      id: 'actions',
      header: t('action.more'),
      isHeaderHidden: true,
      className: 'num',
      cell: (each) =>
        mayWrite && (each.state === 'running' || each.state === 'queued' || each.state === 'paused') ? (
          <span className="row-actions">
            {each.state === 'paused' ? (
              <IconButton
                icon="play"
                label={t('backfill.resume')}
                onClick={() => act.mutate({ key: each.key, action: 'resume' })}
              />
            ) : (
              <IconButton
                icon="pause"
                label={t('backfill.pause')}
                onClick={() => act.mutate({ key: each.key, action: 'pause' })}
              />
            )}
            <IconButton icon="stop" label={t('backfill.cancel')} onClick={() => setCancelling(each)} />
          </span>
        ) : null,
    },
  ];
  return (
    <div className="page">
      <div className="toolbar">
        <h1 className="sr-only">{t('nav.backfills')}</h1>
        <SearchField
          value={dagId ?? ''}
          label={t('runs.dagId')}
          onChange={(next) => void navigate({ search: next ? { dagId: next } : {}, replace: true })}
        />
        <span className="grow" />
        {mayWrite ? (
          <button type="button" className="button" data-kind="primary" onClick={() => setCreating(true)}>
            {t('backfill.new')}
          </button>
        ) : null}
      </div>
      <ListView
        query={backfills}
        label={t('nav.backfills')}
        columns={columns}
        rowKey={(each) => String(each.key)}
        search={search}
        isFiltered={dagId !== undefined}
        onPage={(page) => void navigate({ search: (old) => defined({ ...old, ...page }) })}
        onReset={() => void navigate({ search: {} })}
        empty={
          <div className="empty">
            <h2>{t('backfill.none')}</h2>
            <p className="soft">{t('backfill.noneText')}</p>
            <pre className="code-block" tabIndex={0}>
              tsflow backfill DAG --start 2026-01-01 --end 2026-01-31
            </pre>
          </div>
        }
      />
      {creating ? <BackfillPanel {...(dagId ? { dagId } : {})} onClose={() => setCreating(false)} /> : null}
      {cancelling ? (
        <ConfirmDialog
          title={t('backfill.cancelTitle', { key: cancelling.key })}
          text={t('backfill.cancelText')}
          confirm={t('backfill.cancel')}
          isPending={act.isPending}
          onConfirm={() => act.mutate({ key: cancelling.key, action: 'cancel' })}
          onClose={() => setCancelling(null)}
        />
      ) : null}
    </div>
  );
}

/** The days of its range in the zone of its DAG, and which tasks it is about when not of all. */
function BackfillRange({ backfill }: { backfill: Backfill }) {
  const { fromDate, toDate, timezone, options } = backfill;
  const taskIds = Array.isArray(options.taskIds) ? options.taskIds : [];
  return (
    <span title={timezone}>
      {dayIn(fromDate, timezone)} – {dayIn(toDate, timezone)}
      {taskIds.length > 0 ? <span className="faint"> {taskIds.join(', ')}</span> : null}
    </span>
  );
}

/** `2026-01-31`. */
function dayIn(at: string, timezone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: timezone }).format(Date.parse(at));
}

function Progress({ backfill, now }: { backfill: Backfill; now: number }) {
  const { t } = useTranslation();
  const total = backfill.total ?? 0;
  const settled = backfill.existing + backfill.inFlight;
  const done = Math.min(total, backfill.succeeded + backfill.failed + settled);
  const part = total > 0 ? done / total : 0;
  const spent = now - Date.parse(backfill.createdAt);
  const ran = backfill.succeeded + backfill.failed;
  const left = backfill.state === 'running' && ran > 0 ? (spent / ran) * (total - done) : null;
  return (
    <span className="progress-line">
      <span
        className="progress"
        role="progressbar"
        aria-valuenow={done}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-label={t('backfill.progress')}
      >
        <i
          data-state="success"
          style={{ width: `${(total > 0 ? (done - backfill.failed) / total : 0) * 100}%` }}
        />
        <i data-state="failed" style={{ width: `${total > 0 ? (backfill.failed / total) * 100 : 0}%` }} />
      </span>
      {done} / {total} <span className="faint">{Math.floor(part * 100)} %</span>
      {left !== null && part < 1 ? (
        <span className="faint">{t('backfill.left', { duration: durationText(left) })}</span>
      ) : null}
    </span>
  );
}

const ICONS: Record<string, string> = {
  queued: 'queued',
  running: 'running',
  paused: 'deferred',
  completed: 'success',
  success: 'success',
  failed: 'failed',
  cancelled: 'removed',
  canceled: 'removed',
};
