import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DagDetail, PlannedRun, RescheduleBody } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { durationText } from '../clock/duration-text.ts';
import { dateText } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';
import { type Column, DataTable } from '../controls/data-table.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { Icon } from '../controls/icon.tsx';
import { RescheduleDialog } from '../dialogs/reschedule-dialog.tsx';
import { useMayWrite } from '../login/role.ts';

const SHOWN = 20;

/** The next twenty runs of the schedule on the clock of its zone; they can be passed over, or the next one made now. */
export function ScheduleTab({ dag }: { dag: DagDetail }) {
  const { t, i18n } = useTranslation();
  const now = useNow();
  const mayWrite = useMayWrite();
  const planned = useQuery(queries.nextRuns(dag.dagId, SHOWN));
  const [asked, setAsked] = useState<RescheduleBody | null>(null);
  if (planned.isError && !planned.data)
    return <ErrorNotice error={planned.error} onRetry={() => void planned.refetch()} />;
  const items = planned.data?.items;
  if (!items) return null;
  if (items.length === 0)
    return (
      <div className="empty">
        <h2>{t('schedule.none')}</h2>
        {dag.schedule === 'none' ? (
          <>
            <p className="soft">{t('schedule.byHand')}</p>
            <pre className="code-block" tabIndex={0}>
              {`new DAG({ dagId: '${dag.dagId}', schedule: '0 3 * * *', startDate: '2026-01-01' }, …);`}
            </pre>
          </>
        ) : (
          <p className="soft">{t('schedule.noneText', { schedule: dag.schedule })}</p>
        )}
      </div>
    );
  const place = new Map(items.map((run, index) => [run.logicalDate, index]));
  const columns: Column<PlannedRun>[] = [
    {
      id: 'runs',
      header: t('schedule.runsIn', { zone: dag.timezone }),
      isSelfEvident: true,
      cell: (run) => (
        <span className="strong">
          {weekday(run.runAfter, dag.timezone, i18n.language)}{' '}
          {dateText(Date.parse(run.runAfter), dag.timezone, i18n.language)}
        </span>
      ),
    },
    {
      id: 'in',
      header: t('schedule.in'),
      isSelfEvident: true,
      cell: (run) => {
        const left = Date.parse(run.runAfter) - now;
        return (
          <span className="soft">
            {left > 0 ? t('dags.in', { duration: durationText(left) }) : t('dags.due')}
          </span>
        );
      },
    },
    {
      id: 'utc',
      header: 'UTC',
      cell: (run) => dateText(Date.parse(run.runAfter), 'UTC', i18n.language),
    },
    {
      id: 'logical',
      header: t('schedule.logicalDate'),
      className: 'wide-only',
      cell: (run) => dateText(Date.parse(run.logicalDate), dag.timezone, i18n.language),
    },
    ...(mayWrite
      ? [
          {
            id: 'skip',
            header: t('action.more'),
            isHeaderHidden: true,
            className: 'num',
            cell: (run: PlannedRun) => {
              const before = place.get(run.logicalDate) ?? 0;
              return before === 0 ? null : (
                <button
                  type="button"
                  className="button"
                  data-kind="quiet"
                  onClick={() => setAsked({ skipTo: run.logicalDate })}
                >
                  {t('schedule.skipTo')}
                </button>
              );
            },
          },
        ]
      : []),
  ];
  return (
    <>
      <div className="toolbar">
        <span className="soft">
          {dag.schedule} · {t('schedule.nextN', { count: items.length })}
          {dag.isPaused ? ` · ${t('schedule.paused')}` : ''}
        </span>
        <span className="grow" />
        {mayWrite ? (
          <>
            <button type="button" className="button" onClick={() => setAsked({ runNow: true })}>
              <Icon name="play" size={13} /> {t('schedule.runNow')}
            </button>
            <button type="button" className="button" onClick={() => setAsked({ skip: 1 })}>
              {t('schedule.skip')}
            </button>
          </>
        ) : null}
      </div>
      <DataTable
        label={t('schedule.nextN', { count: items.length })}
        columns={columns}
        rows={items}
        rowKey={(run) => run.logicalDate}
      />
      {asked ? <RescheduleDialog dag={dag} asked={asked} onClose={() => setAsked(null)} /> : null}
    </>
  );
}

function weekday(at: string, zone: string, language: string): string {
  return new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: zone }).format(Date.parse(at));
}
