import { useTranslation } from 'react-i18next';
import type { DagDetail, SerializedTask } from '../api/contract.ts';
import { durationText } from '../clock/duration-text.ts';
import { Instant } from '../clock/instant.tsx';
import { type Column, DataTable } from '../controls/data-table.tsx';

/** What the file says: limits, dates, owner, and every task with its rule and retries. */
export function DetailsTab({ dag }: { dag: DagDetail }) {
  const { t } = useTranslation();
  const form = dag.serialized;
  const columns: Column<SerializedTask>[] = [
    {
      id: 'task',
      isSelfEvident: true,
      header: t('run.task'),
      cell: (task) => task.taskId,
      sortBy: (task) => task.taskId,
    },
    {
      id: 'operator',
      isSelfEvident: true,
      header: t('dag.operator'),
      cell: (task) => task.operator,
      sortBy: (task) => task.operator,
    },
    { id: 'rule', header: t('dag.triggerRule'), cell: (task) => <code>{task.triggerRule}</code> },
    { id: 'upstream', header: t('dag.upstream'), className: 'num', cell: (task) => task.upstream.length },
    {
      id: 'retries',
      header: t('dag.retries'),
      className: 'num',
      cell: (task) => (task.retries > 0 ? `${task.retries} × ${durationText(task.retryDelayMs)}` : '–'),
    },
    { id: 'pool', header: t('dag.pool'), cell: (task) => task.pool },
    {
      id: 'timeout',
      header: t('dag.timeout'),
      className: 'num',
      cell: (task) => (task.executionTimeoutMs === null ? '–' : durationText(task.executionTimeoutMs)),
    },
  ];
  return (
    <>
      <dl className="pairs details">
        <dt>{t('dag.file')}</dt>
        <dd className="mono">{dag.file}</dd>
        <dt>{t('dags.schedule')}</dt>
        <dd>{dag.schedule}</dd>
        <dt>{t('zone.dag')}</dt>
        <dd>{dag.timezone}</dd>
        <dt>{t('dags.owner')}</dt>
        <dd>{dag.owner ?? '–'}</dd>
        <dt>{t('dag.maxActiveRuns')}</dt>
        <dd>{dag.maxActiveRuns}</dd>
        {form ? (
          <>
            <dt>{t('dag.startDate')}</dt>
            <dd>
              <Instant at={form.startDate} zone={dag.timezone} absolute />
            </dd>
            <dt>{t('dag.endDate')}</dt>
            <dd>
              <Instant at={form.endDate} zone={dag.timezone} absolute />
            </dd>
            <dt>catchup</dt>
            <dd>{String(form.catchup)}</dd>
            {form.paramsSchema ? (
              <>
                <dt>params</dt>
                <dd>
                  <pre className="inline-json">{JSON.stringify(form.paramsDefaults, null, 1)}</pre>
                </dd>
              </>
            ) : null}
          </>
        ) : null}
      </dl>
      {dag.doc ? <pre className="dag-doc">{dag.doc}</pre> : null}
      {form ? (
        <DataTable
          label={t('dag.tasks')}
          columns={columns}
          rows={form.tasks}
          rowKey={(task) => task.taskId}
        />
      ) : null}
    </>
  );
}
