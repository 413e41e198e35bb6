import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { PoolTask } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { durationMs, durationText } from '../clock/duration-text.ts';
import { useNow } from '../clock/server-clock.ts';
import { type Column, DataTable } from '../controls/data-table.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { TaskName } from '../controls/task-name.tsx';
import { StateLabel } from '../state/state-label.tsx';

/** Who occupies a pool, longest first, and who waits for its slots. */
export function PoolTasks({ pool }: { pool: string }) {
  const { t } = useTranslation();
  const now = useNow();
  const tasks = useQuery(queries.poolTasks(pool));
  if (tasks.isError) return <ErrorNotice error={tasks.error} onRetry={() => void tasks.refetch()} />;
  if (!tasks.data) return null;
  if (tasks.data.items.length === 0) return <p className="pool-tasks soft">{t('pools.nobody')}</p>;
  const columns: Column<PoolTask>[] = [
    {
      id: 'state',
      isSelfEvident: true,
      header: t('dags.state'),
      cell: (each) => <StateLabel state={each.state} />,
    },
    {
      id: 'task',
      isSelfEvident: true,
      header: t('run.task'),
      sortBy: (each) => each.taskId,
      cell: (each) => (
        <Link
          to="/dags/$dagId/runs/$runId"
          params={{ dagId: each.dagId, runId: each.runId }}
          search={{ task: each.taskId, map: each.mapPath || undefined, tab: 'why' }}
          className="strong"
        >
          <TaskName of={each} />
        </Link>
      ),
    },
    {
      id: 'run',
      isSelfEvident: true,
      header: t('runs.run'),
      sortBy: (each) => `${each.dagId} ${each.runId}`,
      cell: (each) => (
        <span className="soft" title={each.runId}>
          {each.dagId} · {each.runId}
        </span>
      ),
      className: 'clip',
    },
    {
      id: 'slots',
      header: t('pools.slots'),
      className: 'num',
      sortBy: (each) => each.poolSlots,
      cell: (each) => each.poolSlots,
    },
    {
      id: 'weight',
      header: t('priority.weight'),
      className: 'num',
      sortBy: (each) => each.priorityWeight,
      cell: (each) => each.priorityWeight,
    },
    {
      id: 'since',
      header: t('pools.since'),
      className: 'num',
      sortBy: (each) => each.queuedAt ?? each.scheduledAt ?? '',
      cell: (each) => durationText(durationMs(each.queuedAt ?? each.scheduledAt, null, now)),
    },
  ];
  return (
    <div className="pool-tasks">
      <DataTable
        label={t('pools.tasksOf', { name: pool })}
        columns={columns}
        rows={tasks.data.items}
        rowKey={(each) => `${each.dagId} ${each.runId} ${each.taskId} ${each.mapPath}`}
      />
    </div>
  );
}
