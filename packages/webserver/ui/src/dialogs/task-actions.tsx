import { Menu } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { TaskInstance } from '../api/contract.ts';
import { shellWord } from '../controls/copy-command.tsx';
import { Icon } from '../controls/icon.tsx';
import { taskName } from '../controls/task-name.tsx';
import { useMayWrite } from '../login/role.ts';
import { useAction } from './actions.ts';
import { ClearDialog } from './clear-dialog.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { MarkDialog } from './mark-dialog.tsx';
import { PrioritizeDialog } from './prioritize-dialog.tsx';
import { RunTaskDialog } from './run-task-dialog.tsx';
import type { ScopeSubject } from './scope-fields.tsx';

/** What may be done with one task of a run. */
export function TaskActions({ task }: { task: TaskInstance }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<
    'clear' | 'run' | 'kill' | 'priority' | 'success' | 'failed' | 'skipped' | null
  >(null);
  const close = () => setOpen(null);
  const mayWrite = useMayWrite();
  const { dagId, runId, taskId, mapPath } = task;
  const subject: ScopeSubject = { taskIds: [taskId], ...(mapPath ? { mapPath } : {}) };
  const kill = useAction(
    () =>
      answer(
        client.POST('/dags/{dagId}/runs/{runId}/kill', {
          params: { path: { dagId, runId } },
          body: subject,
        }),
      ),
    t('kill.done'),
    close,
  );
  if (!mayWrite) return null;
  const isActive = ACTIVE.has(task.state);
  return (
    <>
      <button type="button" className="button" data-kind="quiet" onClick={() => setOpen('clear')}>
        <Icon name="clear" size={14} /> {t('clear.button')}
      </button>
      {isActive ? (
        <button type="button" className="button" data-kind="quiet" onClick={() => setOpen('kill')}>
          <Icon name="stop" size={14} /> {t('kill.button')}
        </button>
      ) : (
        <button type="button" className="button" data-kind="quiet" onClick={() => setOpen('run')}>
          <Icon name="play" size={14} /> {t('runTask.button')}
        </button>
      )}
      <Menu position="top-end" withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <button type="button" className="icon-button" aria-label={t('action.more')}>
            <Icon name="more" />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {task.endDate === null ? (
            <Menu.Item onClick={() => setOpen('priority')}>{t('priority.button')}</Menu.Item>
          ) : null}
          <Menu.Item onClick={() => setOpen('success')}>{t('mark.success')}</Menu.Item>
          <Menu.Item onClick={() => setOpen('failed')}>{t('mark.failed')}</Menu.Item>
          <Menu.Item onClick={() => setOpen('skipped')}>{t('mark.skipped')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'clear' ? (
        <ClearDialog dagId={dagId} runId={runId} subject={subject} onClose={close} />
      ) : null}
      {open === 'run' ? <RunTaskDialog task={task} onClose={close} /> : null}
      {open === 'kill' ? (
        <ConfirmDialog
          title={t('kill.titleTask', { task: taskName(task) })}
          text={t('kill.textTask')}
          confirm={t('kill.confirm')}
          command={[
            'tsflow tasks kill',
            ...[dagId, runId, taskId].map(shellWord),
            ...(mapPath ? ['--map-path', mapPath] : []),
          ].join(' ')}
          isPending={kill.isPending}
          onConfirm={() => kill.mutate(undefined)}
          onClose={close}
        />
      ) : null}
      {open === 'success' || open === 'failed' || open === 'skipped' ? (
        <MarkDialog dagId={dagId} runId={runId} subject={subject} state={open} onClose={close} />
      ) : null}
      {open === 'priority' ? (
        <PrioritizeDialog
          dagId={dagId}
          runId={runId}
          taskIds={[taskId]}
          weight={task.priorityWeight}
          onClose={close}
        />
      ) : null}
    </>
  );
}

const ACTIVE: ReadonlySet<string> = new Set([
  'queued',
  'running',
  'deferred',
  'up_for_reschedule',
  'restarting',
]);
