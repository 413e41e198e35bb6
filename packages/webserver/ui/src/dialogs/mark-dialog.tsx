import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import { queries } from '../api/queries.ts';
import { shellWord } from '../controls/copy-command.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { useAction } from './actions.ts';
import { DialogActions } from './dialog-actions.tsx';
import { ScopeFields, type ScopeSubject } from './scope-fields.tsx';
import { SelectionPreview, selectionOf } from './selection-preview.tsx';
import { scopeWords, sentScope, type TaskScope } from './task-scope.ts';

/** Sets the state of tasks by hand, after showing which it concerns. */
export function MarkDialog({
  dagId,
  runId,
  subject,
  state,
  onClose,
}: {
  dagId: string;
  runId: string;
  subject: ScopeSubject;
  state: 'success' | 'failed' | 'skipped';
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const dag = useQuery(queries.dag(dagId));
  const [scope, setScope] = useState<TaskScope>({ ...subject });
  const { taskIds } = subject;
  const body = { ...sentScope(scope), taskIds, state };
  const send = (dryRun: boolean) =>
    answer(
      client.POST('/dags/{dagId}/runs/{runId}/mark', {
        params: { path: { dagId, runId } },
        body: { ...body, dryRun },
      }),
    );
  const plan = useQuery({
    queryKey: ['markPlan', dagId, runId, body],
    queryFn: async () => selectionOf(await send(true)),
    staleTime: 0,
    retry: false,
  });
  const mark = useAction(() => send(false), t('mark.done', { task: taskIds.join(', ') }), onClose);
  const command = [
    'tsflow tasks mark',
    shellWord(dagId),
    shellWord(runId),
    ...scopeWords(scope),
    `--state ${state}`,
  ].join(' ');
  return (
    <Dialog
      title={t('mark.title', { task: taskIds.join(', '), state: t(`state.${state}`) })}
      onClose={onClose}
      footer={
        <DialogActions
          command={command}
          confirm={t('mark.confirm')}
          kind="danger"
          isDisabled={mark.isPending || plan.isFetching || !plan.data || plan.data.tasks.length === 0}
          onConfirm={() => mark.mutate(undefined)}
          onClose={onClose}
        />
      }
    >
      <div className="form">
        <div>
          <ScopeFields dag={dag.data} subject={subject} scope={scope} onChange={setScope} />
        </div>
        <SelectionPreview
          plan={plan}
          runId={runId}
          says={(tasks) => t('mark.preview', { count: tasks.length, state: t(`state.${state}`) })}
        />
      </div>
    </Dialog>
  );
}
