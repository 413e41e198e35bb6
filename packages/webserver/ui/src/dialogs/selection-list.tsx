import { useTranslation } from 'react-i18next';
import type { PendingIntent, SelectedTask, SelectedTasks } from '../api/contract.ts';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';

const SHOWN = 500;

/** The answer to a dry run: it changes nothing, so it never waits for a scheduler. */
export function selectionOf(answered: SelectedTasks | PendingIntent): SelectedTasks {
  return 'tasks' in answered ? answered : { version: '', versionNumber: null, tasks: [] };
}

/** The task instances an action would touch, as the server reckoned them. */
export function SelectionList({ tasks, runId }: { tasks: readonly SelectedTask[]; runId: string }) {
  const { t } = useTranslation();
  const word = useStateWord();
  if (tasks.length === 0) return <p className="soft">{t('clear.nothing')}</p>;
  return (
    <ul className="selection-list" tabIndex={0} aria-label={t('clear.list')}>
      {tasks.slice(0, SHOWN).map((task) => (
        <li key={`${task.runId} ${task.taskId} ${task.mapPath}`}>
          <StateIcon state={task.state} size={13} />
          <span className="sr-only">{word(task.state)}</span>
          {task.taskId}
          {task.mapPath ? <span className="faint">[{task.mapPath}]</span> : null}
          {task.runId === runId ? null : <span className="faint">{task.runId}</span>}
        </li>
      ))}
      {tasks.length > SHOWN ? (
        <li className="faint">{t('clear.more', { count: tasks.length - SHOWN })}</li>
      ) : null}
    </ul>
  );
}
