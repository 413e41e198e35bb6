import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import { CopyCommand } from '../controls/copy-command.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { useAction } from './actions.ts';
import { SelectionList, selectionOf } from './selection-list.tsx';

/** Asks once more before something that cannot be taken back. */
export function ConfirmDialog({
  title,
  text,
  confirm,
  command,
  isPending,
  onConfirm,
  onClose,
}: {
  title: string;
  text: string;
  confirm: string;
  command?: string;
  isPending: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          {command ? <CopyCommand command={command} /> : null}
          <span className="grow" />
          <button type="button" className="button" onClick={onClose}>
            {t('action.cancel')}
          </button>
          <button
            type="button"
            className="button"
            data-kind="danger"
            disabled={isPending}
            onClick={onConfirm}
          >
            {confirm}
          </button>
        </>
      }
    >
      <p>{text}</p>
    </Dialog>
  );
}

/** Sets the state of a task by hand, after showing what it concerns. */
export function MarkDialog({
  dagId,
  runId,
  taskId,
  state,
  onClose,
}: {
  dagId: string;
  runId: string;
  taskId: string;
  state: 'success' | 'failed' | 'skipped';
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const send = (dryRun: boolean) =>
    answer(
      client.POST('/dags/{dagId}/runs/{runId}/mark', {
        params: { path: { dagId, runId } },
        body: { taskIds: [taskId], state, dryRun },
      }),
    );
  const plan = useQuery({
    queryKey: ['markPlan', dagId, runId, taskId, state],
    queryFn: async () => selectionOf(await send(true)),
    staleTime: 0,
  });
  const mark = useAction(() => send(false), t('mark.done', { task: taskId }), onClose);
  return (
    <Dialog
      title={t('mark.title', { task: taskId, state: t(`state.${state}`) })}
      onClose={onClose}
      footer={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('action.cancel')}
          </button>
          <button
            type="button"
            className="button"
            data-kind="danger"
            disabled={mark.isPending || !plan.data || plan.data.tasks.length === 0}
            onClick={() => mark.mutate(undefined)}
          >
            {t('mark.confirm')}
          </button>
        </>
      }
    >
      {plan.isError ? (
        <ErrorNotice error={plan.error} />
      ) : (
        <SelectionList tasks={plan.data?.tasks ?? []} runId={runId} />
      )}
    </Dialog>
  );
}
