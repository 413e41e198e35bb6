import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { ClearBody, DagDetail, Run } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { ChoiceRow, Radio } from '../controls/choice-row.tsx';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { taskName } from '../controls/task-name.tsx';
import { useAction } from './actions.ts';
import { ConfField } from './conf-field.tsx';
import { parseConf } from './params-form.ts';
import { ScopeFields, type ScopeSubject } from './scope-fields.tsx';
import { SelectionPreview, selectionOf } from './selection-preview.tsx';
import { scopeWords, sentScope, type TaskScope } from './task-scope.ts';

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
  const [confText, setConfText] = useState<string | null>(null);
  const [typed, setTyped] = useState('');
  const before = run.data?.conf ?? {};
  const conf = confText === null ? { ok: true as const, conf: before } : parseConf(confText);
  const isChanged = conf.ok && JSON.stringify(conf.conf) !== JSON.stringify(before);
  const body: ClearBody = {
    ...sentScope(scope),
    ...(conf.ok && isChanged ? { conf: conf.conf } : {}),
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
          ? t('clear.titleTasks', { tasks: taskName({ taskId: subject.taskIds.join(', '), mapPath: subject.mapPath ?? '' }) })
          : t('clear.titleRun')
      }
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
              count === 0 ||
              !conf.ok ||
              clear.isPending ||
              plan.isFetching ||
              (needsTyping && typed !== String(count))
            }
            onClick={() => clear.mutate(undefined)}
          >
            {t('clear.confirm', { count })}
          </button>
        </>
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
          <ChoiceRow label={t('clear.params')}>
            {confText === null ? (
              <>
                <span className="soft">{t('clear.paramsKept')}</span>
                <button
                  type="button"
                  className="button"
                  disabled={!run.data}
                  onClick={() => setConfText(JSON.stringify(before, null, 2))}
                >
                  {t('clear.changeParams')}
                </button>
              </>
            ) : (
              <div className="grow">
                <ConfField
                  label={t('clear.paramsNow')}
                  rows={Math.min(8, confText.split('\n').length + 1)}
                  text={confText}
                  onChange={setConfText}
                />
              </div>
            )}
          </ChoiceRow>
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

/** Newest code or the run's own: a choice only where the two differ. */
function VersionRow({
  dag,
  run,
  isSame,
  onChange,
}: {
  dag: DagDetail | undefined;
  run: Run | undefined;
  isSame: boolean;
  onChange: (isSame: boolean) => void;
}): ReactNode {
  const { t } = useTranslation();
  if (!dag || !run) return null;
  const newest = { number: dag.versionNumber ?? '', hash: dag.version?.slice(0, 7) ?? '' };
  const own = { number: run.versionNumber ?? '', hash: run.version.slice(0, 7) };
  return (
    <ChoiceRow label={t('clear.code')}>
      {dag.version === run.version ? (
        <span className="soft">{t('clear.oneVersion', own)}</span>
      ) : (
        <>
          <Radio
            name="version"
            label={t('clear.newest', newest)}
            isOn={!isSame}
            onChoose={() => onChange(false)}
          />
          <Radio name="version" label={t('clear.own', own)} isOn={isSame} onChoose={() => onChange(true)} />
        </>
      )}
    </ChoiceRow>
  );
}
