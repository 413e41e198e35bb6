import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { ClearBody } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { shellWord } from '../controls/copy-command.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { taskName } from '../controls/task-name.tsx';
import { useAction } from './actions.ts';
import { DialogActions } from './dialog-actions.tsx';
import { ParamsRow, useParamsDraft } from './params-row.tsx';
import { ScopeFields, type ScopeSubject } from './scope-fields.tsx';
import { SelectionPreview, selectionOf } from './selection-preview.tsx';
import { scopeWords, sentScope, type TaskScope } from './task-scope.ts';
import { VersionRow } from './version-row.tsx';

const TYPED_CONFIRM_ABOVE = 100;

/** Runs tasks again. What would be cleared, by the server's own reckoning and with which version, comes before the button. */
export function ClearDialog({
  dagId,
  runId,
  subject,
  onClose,
}: {
  dagId: string;
  runId: string;
  /** None: the whole run. */
  subject?: ScopeSubject;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const dag = useQuery(queries.dag(dagId));
  const run = useQuery(queries.run(dagId, runId));
  const [scope, setScope] = useState<TaskScope>(
    subject ? { ...subject, downstream: true } : { onlyFailed: true },
  );
  const [typed, setTyped] = useState('');
  const params = useParamsDraft(run.data);
  const body: ClearBody = {
    ...sentScope(scope),
    ...(params.conf === undefined ? {} : { conf: params.conf }),
  };
  const send = (dryRun: boolean) =>
    answer(
      client.POST('/dags/{dagId}/runs/{runId}/clear', {
        params: { path: { dagId, runId } },
        body: { ...body, dryRun },
      }),
    );
  const plan = useQuery({
    queryKey: ['clearPlan', dagId, runId, body],
    queryFn: async () => selectionOf(await send(true)),
    staleTime: 0,
    retry: false,
  });
  const count = plan.data?.tasks.length ?? 0;
  const clear = useAction(() => send(false), t('clear.done', { count }), onClose);
  const needsTyping = count > TYPED_CONFIRM_ABOVE;
  const command = [
    'tsflow tasks clear',
    shellWord(dagId),
    shellWord(runId),
    ...scopeWords(scope),
    ...(body.conf ? ['--conf', shellWord(JSON.stringify(body.conf))] : []),
  ].join(' ');
  return (
    <Dialog
      title={
        subject
          ? t('clear.titleTasks', {
              tasks: taskName({ taskId: subject.taskIds.join(', '), mapPath: subject.mapPath ?? '' }),
            })
          : t('clear.titleRun')
      }
      onClose={onClose}
      footer={
        <DialogActions
          command={command}
          confirm={t('clear.confirm', { count })}
          kind="danger"
          isDisabled={
            count === 0 ||
            params.isWrong ||
            clear.isPending ||
            plan.isFetching ||
            (needsTyping && typed !== String(count))
          }
          onConfirm={() => clear.mutate(undefined)}
          onClose={onClose}
        />
      }
    >
      <div className="form">
        <div>
          <ScopeFields dag={dag.data} subject={subject} scope={scope} onChange={setScope} />
          <VersionRow
            dag={dag.data}
            run={run.data}
            isSame={scope.sameVersion === true}
            onChange={(sameVersion) => setScope({ ...scope, sameVersion })}
          />
          <ParamsRow run={run.data} draft={params} />
        </div>
        <SelectionPreview
          plan={plan}
          runId={runId}
          says={(tasks) => t('clear.preview', { count: tasks.length })}
        />
        {needsTyping ? (
          <label>
            {t('clear.typeCount', { count })}
            <input
              className="field"
              inputMode="numeric"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
        ) : null}
      </div>
    </Dialog>
  );
}
