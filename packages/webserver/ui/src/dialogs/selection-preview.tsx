import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { PendingIntent, SelectedTask, SelectedTasks } from '../api/contract.ts';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { TaskName } from '../controls/task-name.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';

const SHOWN = 500;

/** The answer to a dry run: it changes nothing, so it never waits for a scheduler. */
export function selectionOf(answered: SelectedTasks | PendingIntent): SelectedTasks {
  return 'tasks' in answered ? answered : { version: '', versionNumber: null, tasks: [] };
}

/** What an action would touch, as the server reckoned it: how much, by run, in which state, with which version it goes on. */
export function SelectionPreview({
  plan,
  runId,
  says,
}: {
  plan: UseQueryResult<SelectedTasks>;
  /** The run that was asked about; others are named. */
  runId: string;
  says?: (tasks: readonly SelectedTask[]) => string;
}) {
  const { t } = useTranslation();
  if (plan.isError) return <ErrorNotice error={plan.error} onRetry={() => void plan.refetch()} />;
  if (!plan.data) return null;
  const { tasks } = plan.data;
  if (tasks.length === 0) return <p className="soft">{t('clear.nothing')}</p>;
  const byRun = groupedByRun(tasks.slice(0, SHOWN));
  return (
    <div className="selection">
      {says ? (
        <p className="strong" aria-live="polite">
          {says(tasks)}
        </p>
      ) : null}
      <div className="selection-list" tabIndex={0} role="group" aria-label={t('clear.list')}>
        {[...byRun].map(([id, ofRun]) => (
          <section key={id}>
            {byRun.size > 1 ? (
              <h3>
                {id === runId ? t('clear.thisRun') : id}{' '}
                <span className="faint">{t('clear.ofRun', { count: ofRun.length })}</span>
              </h3>
            ) : null}
            <ul>
              {ofRun.map((task) => (
                <SelectionItem key={`${task.taskId} ${task.mapPath}`} task={task} />
              ))}
            </ul>
          </section>
        ))}
        {tasks.length > SHOWN ? (
          <p className="faint">{t('clear.more', { count: tasks.length - SHOWN })}</p>
        ) : null}
      </div>
    </div>
  );
}

function SelectionItem({ task }: { task: SelectedTask }) {
  const { t } = useTranslation();
  const word = useStateWord();
  return (
    <li>
      <StateIcon state={task.state} size={13} />
      <span className="sr-only">{word(task.state)}</span>
      <span>
        <TaskName of={task} />
      </span>
      {task.versionNumber === undefined ? null : (
        <span className="faint">{t('clear.withVersion', { number: task.versionNumber })}</span>
      )}
    </li>
  );
}

function groupedByRun(tasks: readonly SelectedTask[]): ReadonlyMap<string, SelectedTask[]> {
  const groups = new Map<string, SelectedTask[]>();
  for (const task of tasks) {
    const group = groups.get(task.runId);
    if (group) group.push(task);
    else groups.set(task.runId, [task]);
  }
  return groups;
}
