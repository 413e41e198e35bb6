import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { TriggerBody } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { Problem } from '../controls/problem.tsx';
import { SidePanel } from '../controls/side-panel.tsx';
import { TaskField } from '../controls/task-field.tsx';
import { namesIn } from '../dag/names-in.ts';
import { isPending, useAction } from './actions.ts';
import { ConfField } from './conf-field.tsx';
import { ParamInput } from './param-input.tsx';
import { type ParamProblem, paramFields, paramProblems, parseConf } from './params-form.ts';

/** Starts a run by hand: a field per param, or the conf as JSON. One click or two, it is one run (idempotency key). */
export function TriggerPanel({
  dagId,
  conf,
  upTo,
  onClose,
}: {
  dagId: string;
  /** Of an earlier run, to start from. */
  conf?: Readonly<Record<string, unknown>>;
  /** The task or group that the run is to end with, unless somebody says otherwise. */
  upTo?: string | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const dag = useQuery(queries.dag(dagId));
  return (
    <SidePanel title={t('trigger.title', { dagId })} onClose={onClose}>
      {dag.isError ? (
        <ErrorNotice error={dag.error} onRetry={() => void dag.refetch()} />
      ) : dag.data ? (
        <TriggerForm
          dagId={dagId}
          isPaused={dag.data.isPaused}
          schema={dag.data.serialized?.paramsSchema ?? null}
          defaults={conf ?? dag.data.serialized?.paramsDefaults ?? {}}
          names={namesIn(dag.data.serialized)}
          lastTask={upTo}
          onClose={onClose}
        />
      ) : null}
    </SidePanel>
  );
}

function TriggerForm({
  dagId,
  isPaused,
  schema,
  defaults,
  names,
  lastTask,
  onClose,
}: {
  dagId: string;
  isPaused: boolean;
  schema: Record<string, unknown> | null;
  defaults: Readonly<Record<string, unknown>>;
  /** Of tasks and groups. */
  names: readonly string[];
  lastTask: string | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const fields = useMemo(() => paramFields(schema), [schema]);
  const [text, setText] = useState(JSON.stringify(defaults, null, 2));
  const [upTo, setUpTo] = useState(lastTask);
  const [isNoTask, setNoTask] = useState(lastTask !== undefined && !names.includes(lastTask));
  const [logicalDate, setLogicalDate] = useState('');
  const [runId, setRunId] = useState('');
  const [note, setNote] = useState('');
  const [unpause, setUnpause] = useState(false);
  const [wasTried, setTried] = useState(false);
  const idempotencyKey = useRef(crypto.randomUUID());
  const parsed = parseConf(text);
  const problems = parsed.ok ? paramProblems(fields, parsed.conf) : new Map<string, ParamProblem>();
  const trigger = useAction(
    async (body: TriggerBody) => {
      const answered = await answer(
        client.POST('/dags/{dagId}/runs', {
          params: { path: { dagId } },
          headers: { 'Idempotency-Key': idempotencyKey.current },
          body,
        }),
      );
      if (!isPending(answered))
        await navigate({ to: '/dags/$dagId/runs/$runId', params: { dagId, runId: answered.runId } });
      return answered;
    },
    t('trigger.done', { dagId }),
    onClose,
  );
  const set = (name: string, value: unknown) => {
    const conf = parsed.ok ? { ...parsed.conf } : { ...defaults };
    if (value === undefined) delete conf[name];
    else conf[name] = value;
    setText(JSON.stringify(conf, null, 2));
  };
  const command = [
    'tsflow dags trigger',
    shellWord(dagId),
    ...(parsed.ok && Object.keys(parsed.conf).length > 0
      ? [`--conf ${shellWord(JSON.stringify(parsed.conf))}`]
      : []),
    ...(upTo ? [`--up-to ${shellWord(upTo)}`] : []),
    ...(logicalDate ? [`--logical-date ${shellWord(logicalDate)}`] : []),
  ].join(' ');
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!parsed.ok || problems.size > 0 || isNoTask || trigger.isPending) return;
        trigger.mutate({
          conf: parsed.conf,
          ...(logicalDate ? { logicalDate: new Date(logicalDate).toISOString() } : {}),
          ...(runId ? { runId } : {}),
          ...(note ? { note } : {}),
          ...(unpause ? { unpause } : {}),
          ...(upTo ? { upTo } : {}),
        });
      }}
    >
      {fields.map((field) => (
        <ParamInput
          key={field.name}
          field={field}
          value={parsed.ok ? parsed.conf[field.name] : undefined}
          problem={wasTried ? problems.get(field.name) : undefined}
          onChange={(value) => set(field.name, value)}
        />
      ))}
      <ConfField
        label={t('trigger.conf')}
        rows={Math.min(10, text.split('\n').length + 1)}
        text={text}
        onChange={setText}
      />
      <div className="labelled">
        <TaskField
          label={t('trigger.upTo')}
          any={t('trigger.allTasks')}
          value={upTo}
          names={names}
          onWrong={setNoTask}
          onChange={setUpTo}
        />
        <span className="hint" aria-live="polite">
          {isNoTask ? (
            <Problem>{t('trigger.noTask', { dagId })}</Problem>
          ) : upTo ? (
            t('trigger.upToText', { task: upTo })
          ) : null}
        </span>
      </div>
      <details>
        <summary>{t('trigger.more')}</summary>
        <div className="form" style={{ paddingTop: 10 }}>
          <label>
            {t('trigger.logicalDate')}
            <input
              type="datetime-local"
              step="1"
              className="field"
              value={logicalDate}
              onChange={(event) => setLogicalDate(event.target.value)}
            />
          </label>
          <label>
            {t('run.id')}
            <input className="field" value={runId} onChange={(event) => setRunId(event.target.value)} />
          </label>
          <label>
            {t('run.note')}
            <input className="field" value={note} onChange={(event) => setNote(event.target.value)} />
          </label>
        </div>
      </details>
      {isPaused ? (
        <label className="check">
          <input type="checkbox" checked={unpause} onChange={(event) => setUnpause(event.target.checked)} />
          {t('trigger.unpause')}
        </label>
      ) : null}
      <div className="form-actions">
        <button type="submit" className="button" data-kind="primary" disabled={trigger.isPending}>
          {t('trigger.button')}
        </button>
        <CopyCommand command={command} />
      </div>
      <p className="sr-only" role="alert">
        {wasTried && problems.size > 0
          ? t('trigger.problems', { names: [...problems.keys()].join(', ') })
          : ''}
      </p>
    </form>
  );
}
