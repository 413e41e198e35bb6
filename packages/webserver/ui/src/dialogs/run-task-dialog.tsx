import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { RunTaskBody, TaskInstance } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { shellWord } from '../controls/copy-command.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { taskName } from '../controls/task-name.tsx';
import { useAction } from './actions.ts';
import { DialogActions } from './dialog-actions.tsx';
import { InstancesRow } from './instances-row.tsx';
import { ParamsRow, useParamsDraft } from './params-row.tsx';
import { SelectionPreview, selectionOf } from './selection-preview.tsx';
import { scopeWords } from './task-scope.ts';
import { VersionRow } from './version-row.tsx';

/** Runs one task alone, whatever stands before it. Which instances, and with which code, the server says before the button is live. */
export function RunTaskDialog({ task, onClose }: { task: TaskInstance; onClose: () => void }) {
  const { t } = useTranslation();
  const { dagId, runId, taskId } = task;
  const own = task.mapPath || undefined;
  const dag = useQuery(queries.dag(dagId));
  const run = useQuery(queries.run(dagId, runId));
  const [mapPath, setMapPath] = useState(own);
  const [sameVersion, setSameVersion] = useState(false);
  const params = useParamsDraft(run.data);
  const body: RunTaskBody = {
    ...(mapPath === undefined ? {} : { mapPath }),
    ...(sameVersion ? { sameVersion } : {}),
    ...(params.conf === undefined ? {} : { conf: params.conf }),
  };
  const send = (dryRun: boolean) =>
    answer(
      client.POST('/dags/{dagId}/runs/{runId}/tasks/{taskId}/run', {
        params: { path: { dagId, runId, taskId } },
        body: { ...body, dryRun },
      }),
    );
  const plan = useQuery({
    queryKey: ['runTaskPlan', dagId, runId, taskId, body],
    queryFn: async () => selectionOf(await send(true)),
    staleTime: 0,
    retry: false,
  });
  const count = plan.data?.tasks.length ?? 0;
  const name = taskName({ ...task, mapPath: mapPath ?? '' });
  const start = useAction(() => send(false), t('runTask.done', { task: name }), onClose);
  const command = [
    'tsflow tasks run',
    shellWord(dagId),
    shellWord(runId),
    ...scopeWords({ taskIds: [taskId], mapPath, sameVersion }),
    ...(body.conf ? ['--conf', shellWord(JSON.stringify(body.conf))] : []),
  ].join(' ');
  return (
    <Dialog
      title={t('runTask.title', { task: name })}
      onClose={onClose}
      footer={
        <DialogActions
          command={command}
          confirm={t('runTask.confirm')}
          kind="primary"
          isDisabled={count === 0 || params.isWrong || start.isPending || plan.isFetching || plan.isError}
          onConfirm={() => start.mutate(undefined)}
          onClose={onClose}
        />
      }
    >
      <div className="form">
        <p className="soft">{t('runTask.text')}</p>
        <div>
          <InstancesRow own={own} chosen={mapPath} onChange={setMapPath} />
          <VersionRow dag={dag.data} run={run.data} isSame={sameVersion} onChange={setSameVersion} />
          <ParamsRow run={run.data} draft={params} />
        </div>
        <SelectionPreview
          plan={plan}
          runId={runId}
          says={(tasks) => t('runTask.preview', { count: tasks.length })}
        />
      </div>
    </Dialog>
  );
}
