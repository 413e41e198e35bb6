import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt, TaskInstanceDetail } from '../../api/contract.ts';
import { queries } from '../../api/queries.ts';
import { ErrorNotice } from '../../controls/error-notice.tsx';
import { TaskActions } from '../../dialogs/task-actions.tsx';
import { LogViewer } from '../../log/log-viewer.tsx';
import type { PanelTab } from '../../router.tsx';
import { StateLabel } from '../../state/state-label.tsx';
import { AttemptChoice } from './attempt-choice.tsx';
import { AttemptsTab } from './attempts-tab.tsx';
import { EventsTable } from './events-table.tsx';
import { PanelFrame } from './panel-frame.tsx';
import { PanelTabs } from './panel-tabs.tsx';
import { RenderedTab } from './rendered-tab.tsx';
import { TaskCode } from './task-code.tsx';
import { WhyTab } from './why-tab.tsx';
import { XcomTab } from './xcom-tab.tsx';

export interface PanelSearch {
  tab?: PanelTab;
  attempt?: string;
  find?: string;
  level?: string;
}

/**
 * The chosen task: its log, what it waits for, rendered fields, XComs, attempts and events. What belongs to one try is shown of the one
 * that is chosen, however old. Height is remembered; the rest is URL.
 */
export function TaskPanel({
  dagId,
  runId,
  taskId,
  mapPath,
  search,
  zone,
  onChange,
  onClose,
}: {
  dagId: string;
  runId: string;
  taskId: string;
  mapPath: string;
  search: PanelSearch;
  zone: string | undefined;
  onChange: (change: PanelSearch) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const task = useQuery(queries.task(dagId, runId, taskId, mapPath));
  const attempts = task.data?.attempts ?? [];
  const attempt = attempts.find((each) => each.attemptId === search.attempt) ?? attempts.at(-1);
  const tab = search.tab ?? 'log';
  return (
    <PanelFrame
      taskId={taskId}
      mapPath={mapPath}
      renderedMapIndex={task.data?.renderedMapIndex}
      head={
        <>
          {task.data ? <StateLabel state={task.data.state} /> : null}
          {task.data ? (
            <AttemptChoice task={task.data} chosen={attempt} onChoose={(id) => onChange({ attempt: id })} />
          ) : null}
          <PanelTabs tab={tab} onChoose={(next) => onChange({ tab: next })} />
        </>
      }
      actions={task.data ? <TaskActions task={task.data} /> : null}
      onClose={onClose}
    >
      <div
        className="panel-body"
        role="tabpanel"
        aria-label={t(`panel.${tab}`)}
        tabIndex={tab === 'log' ? -1 : 0}
      >
        {task.isError && !task.data ? (
          <ErrorNotice error={task.error} onRetry={() => void task.refetch()} />
        ) : task.data ? (
          <PanelBody
            tab={tab}
            task={task.data}
            attempt={attempt}
            search={search}
            zone={zone}
            onChange={onChange}
          />
        ) : null}
      </div>
    </PanelFrame>
  );
}

function PanelBody({
  tab,
  task,
  attempt,
  search,
  zone,
  onChange,
}: {
  tab: PanelTab;
  task: TaskInstanceDetail;
  attempt: Attempt | undefined;
  search: PanelSearch;
  zone: string | undefined;
  onChange: (change: PanelSearch) => void;
}): ReactNode {
  const { t } = useTranslation();
  if (tab === 'why') return <WhyTab task={task} />;
  if (tab === 'attempts') return <AttemptsTab task={task} zone={zone} onChange={onChange} />;
  if (tab === 'events') return <EventsTable dagId={task.dagId} runId={task.runId} taskId={task.taskId} />;
  if (tab === 'code')
    return <TaskCode dagId={task.dagId} taskId={task.taskId} version={attempt?.version ?? null} />;
  if (!attempt)
    return (
      <div className="pad">
        <p className="soft">{t(task.endDate === null ? 'panel.noAttempt' : 'panel.didNotRun')}</p>
        <WhyTab task={task} />
      </div>
    );
  if (tab === 'rendered') return <RenderedTab attempt={attempt} />;
  if (tab === 'xcom') return <XcomTab task={task} attempt={attempt} />;
  return (
    <LogViewer
      key={attempt.attemptId}
      task={task}
      attempt={attempt}
      zone={zone}
      search={search}
      onChange={onChange}
    />
  );
}
