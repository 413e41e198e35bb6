import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { ClearBody } from '../api/contract.ts';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { useAction } from './actions.ts';
import { SelectionList, selectionOf } from './selection-list.tsx';

const TYPED_CONFIRM_ABOVE = 100;

/** Runs tasks again. The list of what would be cleared, by the server's own reckoning, comes before the button. */
export function ClearDialog({
  dagId,
  runId,
  taskIds,
  onClose,
}: {
  dagId: string;
  runId: string;
  /** None: the whole run. */
  taskIds?: readonly string[];
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [scope, setScope] = useState<ClearBody>(taskIds ? { downstream: true } : { onlyFailed: true });
  const [typed, setTyped] = useState('');
  const body: ClearBody = { ...scope, ...(taskIds ? { taskIds: [...taskIds] } : {}) };
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
  });
  const count = plan.data?.tasks.length ?? 0;
  const clear = useAction(() => send(false), t('clear.done', { count }), onClose);
  const needsTyping = count > TYPED_CONFIRM_ABOVE;
  const flags = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).filter(
    (flag) => taskIds || !ONLY_FOR_TASKS.has(flag),
  );
  const command = [
    'tsflow tasks clear',
    shellWord(dagId),
    shellWord(runId),
    ...(taskIds ?? []).map(shellWord),
    ...flags.filter((flag) => scope[flag]).map((flag) => FLAGS[flag]),
  ].join(' ');
  return (
    <Dialog
      title={taskIds ? t('clear.titleTasks', { tasks: taskIds.join(', ') }) : t('clear.titleRun')}
      onClose={onClose}
      footer={
        <>
          <CopyCommand command={command} />
          <span className="grow" />
          <button type="button" className="button" onClick={onClose}>
            {t('action.cancel')}
          </button>
          <button
            type="button"
            className="button"
            data-kind="danger"
            disabled={
              count === 0 || clear.isPending || plan.isFetching || (needsTyping && typed !== String(count))
            }
            onClick={() => clear.mutate(undefined)}
          >
            {t('clear.confirm', { count })}
          </button>
        </>
      }
    >
      <div className="form">
        <div className="scope-toggles">
          {flags.map((flag) => (
            <label key={flag} className="check">
              <input
                type="checkbox"
                checked={scope[flag] === true}
                onChange={(event) => setScope({ ...scope, [flag]: event.target.checked })}
              />
              {t(`clear.${flag}`)}
            </label>
          ))}
        </div>
        {plan.isError ? (
          <ErrorNotice error={plan.error} onRetry={() => void plan.refetch()} />
        ) : plan.data ? (
          <>
            <p className="soft" aria-live="polite">
              {t('clear.preview', { count })}{' '}
              {plan.data.version
                ? t('clear.version', {
                    number: plan.data.versionNumber ?? '',
                    hash: plan.data.version.slice(0, 7),
                  })
                : null}
            </p>
            <SelectionList tasks={plan.data.tasks} runId={runId} />
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
          </>
        ) : null}
      </div>
    </Dialog>
  );
}

const FLAGS = {
  downstream: '--downstream',
  upstream: '--upstream',
  onlyFailed: '--only-failed',
  past: '--past',
  future: '--future',
  sameVersion: '--same-version',
} as const;

const ONLY_FOR_TASKS = new Set(['downstream', 'upstream']);
