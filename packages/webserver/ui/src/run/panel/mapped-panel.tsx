import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { TaskInstance } from '../../api/contract.ts';
import { durationMs, durationText } from '../../clock/duration-text.ts';
import { Instant } from '../../clock/instant.tsx';
import { useNow } from '../../clock/server-clock.ts';
import { type Column, DataTable } from '../../controls/data-table.tsx';
import { TaskActions } from '../../dialogs/task-actions.tsx';
import { mapIndexText } from '../../state/map-index.tsx';
import { StateIcon } from '../../state/state-icon.tsx';
import { StateLabel, useStateWord } from '../../state/state-label.tsx';
import { STATES_BY_URGENCY } from '../../state/urgency.ts';
import { PanelFrame } from './panel-frame.tsx';

/** More lines than anybody reads; the tree above has all of them, in windows. */
const SHOWN = 200;

/** A mapped task of which no index is chosen: its instances, those that need a person first. What is done here is done to all of them. */
export function MappedPanel({
  taskId,
  instances,
  zone,
  onClose,
}: {
  taskId: string;
  /** At least one. */
  instances: readonly TaskInstance[];
  zone: string | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const word = useStateWord();
  const now = useNow();
  const urgency = (each: TaskInstance) => STATES_BY_URGENCY.indexOf(each.state);
  const ordered = [...instances].sort((a, b) => urgency(a) - urgency(b));
  const open = instances.filter((each) => each.endDate === null);
  // Whether all of them may be killed or go first is asked of the one that has come furthest.
  const standIn = open.find((each) => each.queuedAt !== null) ?? open[0] ?? instances[0]!;
  const columns: Column<TaskInstance>[] = [
    {
      id: 'index',
      header: t('panel.index'),
      isSelfEvident: true,
      sortBy: (each) => each.mapIndex,
      cell: (each) => (
        <Link
          from="/dags/$dagId/runs/$runId"
          search={(old) => ({ ...old, map: each.mapPath })}
          replace
          className="strong"
        >
          {taskId.split('.').at(-1)} {mapIndexText(each)}
        </Link>
      ),
    },
    {
      id: 'state',
      header: t('dags.state'),
      isSelfEvident: true,
      sortBy: urgency,
      cell: (each) => <StateLabel state={each.state} />,
    },
    {
      id: 'tries',
      header: t('panel.tries'),
      className: 'num',
      sortBy: (each) => each.tryNumber,
      cell: (each) => each.tryNumber,
    },
    {
      id: 'started',
      header: t('run.started'),
      sortBy: (each) => each.startDate ?? '',
      cell: (each) => <Instant at={each.startDate} zone={zone} />,
    },
    {
      id: 'duration',
      header: t('run.duration'),
      className: 'num',
      sortBy: (each) => durationMs(each.startDate, each.endDate, now) ?? -1,
      cell: (each) => durationText(durationMs(each.startDate, each.endDate, now)),
    },
  ];
  return (
    <PanelFrame
      taskId={taskId}
      mapPath=""
      head={
        <span className="mapped-counts">
          {STATES_BY_URGENCY.map((state) => ({
            state,
            count: instances.filter((each) => each.state === state).length,
          })).map(({ state, count }) =>
            count > 0 ? (
              <span key={state} className="state-label">
                <StateIcon state={state} size={13} />
                {count} <span className="soft">{word(state)}</span>
              </span>
            ) : null,
          )}
        </span>
      }
      actions={<TaskActions task={{ ...standIn, mapPath: '' }} />}
      onClose={onClose}
    >
      <div className="panel-body" tabIndex={-1}>
        <DataTable
          label={t('panel.instances', { task: taskId })}
          columns={columns}
          rows={ordered.slice(0, SHOWN)}
          rowKey={(each) => each.mapPath}
        />
        {ordered.length > SHOWN ? (
          <p className="pad soft">{t('panel.moreInstances', { count: ordered.length - SHOWN })}</p>
        ) : null}
      </div>
    </PanelFrame>
  );
}
