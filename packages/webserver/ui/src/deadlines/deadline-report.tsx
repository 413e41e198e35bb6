import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { DeadlineReport } from '../api/contract.ts';
import type { ReportPeriod } from '../api/filters.ts';
import { queries } from '../api/queries.ts';
import { durationText } from '../clock/duration-text.ts';
import { Choice } from '../controls/choice.tsx';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { DagLink } from '../controls/dag-link.tsx';
import { type Column, DataTable } from '../controls/data-table.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { dayBefore } from './day-before.ts';
import { HowToPromise } from './how-to-promise.tsx';

const STRETCHES = ['7', '90', '365'] as const;
/** What is shown until somebody chooses another stretch. */
const DEFAULT_DAYS = 30;
const PERIODS = ['day', 'month', 'all'] as const satisfies readonly ReportPeriod[];

/** What a report is about, as the URL says it. */
interface ReportAbout {
  readonly dagId?: string | undefined;
  readonly days?: number | undefined;
  readonly by?: ReportPeriod | undefined;
}

/** How often each deadline was kept over the last days, and by how much: what an agreement about a service is held against. */
export function DeadlineReportTable({ about }: { about: ReportAbout }) {
  const { t } = useTranslation();
  const { dagId, from, by } = reported(about);
  const report = useQuery(
    queries.deadlineReport({ from: `${from}T00:00:00Z`, by, ...(dagId ? { dagId } : {}) }),
  );
  const columns = useColumns();
  const items = report.data?.items;
  if (report.isError && !items)
    return <ErrorNotice error={report.error} onRetry={() => void report.refetch()} />;
  if (items === undefined) return null;
  if (items.length === 0)
    return (
      <div className="empty">
        <h2>{t('deadlines.noneDue')}</h2>
        <HowToPromise />
      </div>
    );
  return (
    <DataTable
      label={t('deadlines.report')}
      columns={columns}
      rows={items}
      rowKey={(each) => `${each.dagId} ${each.name} ${each.period}`}
    />
  );
}

/** Over how many days, and by what: the line above the report. */
export function ReportChoices({
  about,
  onChange,
}: {
  about: ReportAbout;
  onChange: (change: { days?: number | undefined; by?: ReportPeriod | undefined }) => void;
}) {
  const { t } = useTranslation();
  const { dagId, from, days, by } = reported(about);
  const command = `tsflow deadlines report --start ${from} --by ${by}${dagId ? ` --dag-id ${shellWord(dagId)}` : ''}`;
  return (
    <>
      <Choice
        label={t('deadlines.stretch')}
        any={t('deadlines.lastDays', { count: DEFAULT_DAYS })}
        value={STRETCHES.find((each) => each === String(days))}
        onChange={(chosen) => onChange({ days: chosen === undefined ? undefined : Number(chosen) })}
        options={STRETCHES.map((each) => [each, t('deadlines.lastDays', { count: Number(each) })])}
      />
      <Choice
        label={t('deadlines.period')}
        any={t('deadlines.by.week')}
        value={PERIODS.find((each) => each === by)}
        onChange={(chosen) => onChange({ by: chosen })}
        options={PERIODS.map((each) => [each, t(`deadlines.by.${each}`)])}
      />
      <span className="grow" />
      <CopyCommand command={`${command} --csv`} />
    </>
  );
}

/** The stretch of a report with what nobody chose. */
function reported({ dagId, days = DEFAULT_DAYS, by = 'week' }: ReportAbout) {
  return { dagId, days, by, from: dayBefore(Date.now(), days) };
}

function useColumns(): readonly Column<DeadlineReport>[] {
  const { t } = useTranslation();
  const late = (ms: number | null) => {
    if (ms === null) return '–';
    const duration = durationText(Math.abs(ms));
    return ms > 0 ? (
      <span className="strong">{t('deadlines.late', { duration })}</span>
    ) : (
      t('deadlines.early', { duration })
    );
  };
  const lateness = (id: 'p50Ms' | 'p90Ms' | 'maxMs'): Column<DeadlineReport> => ({
    id,
    header: t(`deadlines.${id}`),
    className: 'num',
    sortBy: (each) => each[id] ?? 0,
    cell: (each) => late(each[id]),
  });
  return [
    {
      id: 'dag',
      header: 'DAG',
      isSelfEvident: true,
      sortBy: (each) => each.dagId,
      cell: (each) => <DagLink dagId={each.dagId} />,
    },
    {
      id: 'name',
      header: t('deadlines.deadline'),
      isSelfEvident: true,
      sortBy: (each) => each.name,
      cell: (each) => (
        <>
          {each.name} {each.taskId === null ? null : <span className="faint">{each.taskId}</span>}
        </>
      ),
    },
    {
      id: 'period',
      header: t('deadlines.from'),
      sortBy: (each) => each.period ?? '',
      cell: (each) => each.period ?? <span className="faint">–</span>,
    },
    {
      id: 'kept',
      header: t('deadlines.kept'),
      isSelfEvident: true,
      sortBy: (each) => each.metShare,
      cell: (each) => <Kept row={each} />,
    },
    {
      id: 'neverDone',
      header: t('deadlines.neverDone'),
      className: 'num',
      sortBy: (each) => each.neverDone,
      cell: (each) => each.neverDone || '',
    },
    lateness('p50Ms'),
    lateness('p90Ms'),
    lateness('maxMs'),
  ];
}

/** The share that was kept, as a bar and in numbers. */
function Kept({ row: { met, missed, metShare } }: { row: DeadlineReport }) {
  const { t } = useTranslation();
  return (
    <span className="progress-line" title={t('deadlines.keptOf', { met, missed })}>
      <span className="progress" aria-hidden="true">
        <i data-state="success" style={{ width: `${metShare * 100}%` }} />
        <i data-state="failed" style={{ width: `${(1 - metShare) * 100}%` }} />
      </span>
      <span className="strong">{(metShare * 100).toFixed(metShare === 1 ? 0 : 1)} %</span>
      <span className="faint">{t('deadlines.keptOf', { met, missed })}</span>
    </span>
  );
}
