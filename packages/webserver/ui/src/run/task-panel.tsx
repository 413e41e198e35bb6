import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt, TaskInstanceDetail } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { usePreference } from '../browser/preference.ts';
import { durationMs, durationText } from '../clock/duration-text.ts';
import { Instant } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';
import { type Column, DataTable } from '../controls/data-table.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import { TaskActions } from '../dialogs/task-actions.tsx';
import { LogViewer } from '../log/log-viewer.tsx';
import type { PanelTab } from '../router.tsx';
import { StateLabel, useStateWord } from '../state/state-label.tsx';
import { ChecksList } from './checks-list.tsx';
import { EventsTable } from './events-table.tsx';
import { TaskCode } from './task-code.tsx';

const TABS: readonly PanelTab[] = ['log', 'why', 'rendered', 'xcom', 'attempts', 'events', 'code'];
const LEAST_HEIGHT = 120;
const MOST_HEIGHT = 2_000;

export interface PanelSearch {
  tab?: PanelTab;
  attempt?: string;
  find?: string;
  level?: string;
}

/** The chosen task: its log, what it waits for, rendered fields, XComs, attempts and events. Height is remembered; the rest is URL. */
export function TaskPanel({
  dagId,
  runId,
  taskId,
  mapPath,
  search,
  zone,
  onChange,
  onClose,
}: {
  dagId: string;
  runId: string;
  taskId: string;
  mapPath: string;
  search: PanelSearch;
  zone: string | undefined;
  onChange: (change: PanelSearch) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const word = useStateWord();
  const [height, setHeight] = usePreference<string>('panelHeight', '320');
  const panel = useRef<HTMLElement>(null);
  const task = useQuery(queries.task(dagId, runId, taskId, mapPath));
  const attempts = task.data?.attempts ?? [];
  const attempt = attempts.find((each) => each.attemptId === search.attempt) ?? attempts.at(-1);
  const tab = search.tab ?? 'log';
  const resize = (next: number) =>
    setHeight(String(Math.round(Math.min(window.innerHeight - 180, Math.max(LEAST_HEIGHT, next)))));
  return (
    <section
      ref={panel}
      className="task-panel"
      aria-label={t('panel.label', { task: taskId })}
      style={{ height: `min(${height}px, calc(100dvh - 220px))` }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.nativeEvent.isComposing && !event.defaultPrevented) {
          onClose();
          document.querySelector<HTMLElement>('.gantt-scroll')?.focus();
        }
      }}
    >
      <div
        className="panel-resizer"
        role="separator"
        aria-orientation="horizontal"
        aria-label={t('panel.resize')}
        aria-valuenow={Number(height)}
        aria-valuemin={LEAST_HEIGHT}
        aria-valuemax={MOST_HEIGHT}
        tabIndex={0}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId))
            resize(panel.current!.getBoundingClientRect().bottom - event.clientY);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowUp') resize(Number(height) + 24);
          else if (event.key === 'ArrowDown') resize(Number(height) - 24);
        }}
      />
      <div className="panel-head">
        <h2>
          {taskId}
          {mapPath ? <span className="faint"> [{mapPath}]</span> : null}
        </h2>
        {task.data ? <StateLabel state={task.data.state} /> : null}
        {attempts.length > 1 ? (
          <select
            className="field"
            aria-label={t('panel.attempt')}
            value={attempt?.attemptId ?? ''}
            onChange={(event) => onChange({ attempt: event.target.value })}
          >
            {attempts.map((each) => (
              <option key={each.attemptId} value={each.attemptId}>
                {attemptName(each, t('run.try', { number: each.tryNumber }))} · {word(each.state)}
              </option>
            ))}
          </select>
        ) : task.data ? (
          <span className="faint">
            {t('panel.tryOf', {
              number: task.data.tryNumber,
              max: Math.max(task.data.maxTries + 1, task.data.tryNumber),
            })}
          </span>
        ) : null}
        <div className="tabs" role="tablist" aria-label={t('panel.tabs')}>
          {TABS.map((each) => (
            <button
              key={each}
              type="button"
              role="tab"
              aria-selected={tab === each}
              tabIndex={tab === each ? 0 : -1}
              onClick={() => onChange({ tab: each })}
              onKeyDown={(event) => {
                const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
                if (step === 0) return;
                const next = TABS[(TABS.indexOf(each) + step + TABS.length) % TABS.length]!;
                onChange({ tab: next });
                const sibling = step === 1 ? 'nextElementSibling' : 'previousElementSibling';
                (event.currentTarget[sibling] as HTMLElement | null)?.focus();
              }}
            >
              {t(`panel.${each}`)}
            </button>
          ))}
        </div>
        <span className="actions">
          {task.data ? <TaskActions task={task.data} /> : null}
          <IconButton icon="close" label={t('panel.close')} onClick={onClose} />
        </span>
      </div>
      <div
        className="panel-body"
        role="tabpanel"
        aria-label={t(`panel.${tab}`)}
        tabIndex={tab === 'log' ? -1 : 0}
      >
        {task.isError && !task.data ? (
          <ErrorNotice error={task.error} onRetry={() => void task.refetch()} />
        ) : task.data ? (
          <PanelBody
            tab={tab}
            task={task.data}
            attempt={attempt}
            search={search}
            zone={zone}
            onChange={onChange}
          />
        ) : null}
      </div>
    </section>
  );
}

function PanelBody({
  tab,
  task,
  attempt,
  search,
  zone,
  onChange,
}: {
  tab: PanelTab;
  task: TaskInstanceDetail;
  attempt: Attempt | undefined;
  search: PanelSearch;
  zone: string | undefined;
  onChange: (change: PanelSearch) => void;
}): ReactNode {
  const { t } = useTranslation();
  if (tab === 'why') return <Why task={task} />;
  if (tab === 'xcom') return <XCom task={task} />;
  if (tab === 'attempts') return <Attempts task={task} zone={zone} onChange={onChange} />;
  if (tab === 'events') return <EventsTable dagId={task.dagId} runId={task.runId} taskId={task.taskId} />;
  if (tab === 'code')
    return <TaskCode dagId={task.dagId} taskId={task.taskId} version={attempt?.version ?? null} />;
  if (!attempt)
    return (
      <div className="pad">
        <p className="soft">{t('panel.noAttempt')}</p>
        <Why task={task} />
      </div>
    );
  if (tab === 'rendered') return <Rendered attempt={attempt} />;
  return (
    <LogViewer
      key={attempt.attemptId}
      task={task}
      attempt={attempt}
      zone={zone}
      search={search}
      onChange={onChange}
    />
  );
}

function Why({ task }: { task: TaskInstanceDetail }) {
  const why = useQuery(queries.why(task.dagId, task.runId, task.taskId, task.mapPath));
  return (
    <>
      {task.reason ? <p className="pad">{task.reason}</p> : null}
      <ChecksList checks={why.data?.items} error={why.error} />
    </>
  );
}

function Rendered({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation();
  const fields = Object.entries(attempt.rendered ?? {});
  if (fields.length === 0) return <p className="notice soft">{t('panel.nothingRendered')}</p>;
  return (
    <dl className="pairs">
      {fields.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>
            <pre className="inline-json">
              {typeof value === 'string' ? value : JSON.stringify(value, null, 2)}
            </pre>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function XCom({ task }: { task: TaskInstanceDetail }) {
  const { t } = useTranslation();
  const xcom = useQuery(queries.xcom(task.dagId, task.runId, task.taskId, task.mapPath));
  if (xcom.isError) return <ErrorNotice error={xcom.error} onRetry={() => void xcom.refetch()} />;
  if (xcom.data?.items.length === 0) return <p className="notice soft">{t('panel.noXcom')}</p>;
  return (
    <dl className="pairs">
      {xcom.data?.items.map(({ key, value }) => (
        <div key={key} style={{ display: 'contents' }}>
          <dt className="mono">{key}</dt>
          <dd>
            <pre className="inline-json">{JSON.stringify(value, null, 2)}</pre>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Attempts({
  task,
  zone,
  onChange,
}: {
  task: TaskInstanceDetail;
  zone: string | undefined;
  onChange: (change: PanelSearch) => void;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const columns: Column<Attempt>[] = [
    {
      id: 'try',
      header: t('panel.attempt'),
      cell: (each) => (
        <button
          type="button"
          className="button"
          data-kind="quiet"
          onClick={() => onChange({ tab: 'log', attempt: each.attemptId })}
        >
          {attemptName(each, t('run.try', { number: each.tryNumber }))}
        </button>
      ),
    },
    { id: 'state', header: t('dags.state'), cell: (each) => <StateLabel state={each.state} /> },
    {
      id: 'start',
      header: t('run.started'),
      cell: (each) => <Instant at={each.startDate} zone={zone} absolute />,
    },
    {
      id: 'wait',
      header: t('run.waited'),
      className: 'num',
      cell: (each) => textOf(durationMs(each.queuedAt, each.startDate, now)),
    },
    {
      id: 'length',
      header: t('run.duration'),
      className: 'num',
      cell: (each) => textOf(durationMs(each.startDate, each.endDate, now)),
    },
    { id: 'version', header: t('run.version'), cell: (each) => <code>{each.version?.slice(0, 7)}</code> },
    {
      id: 'where',
      header: t('panel.where'),
      cell: (each) => <span className="soft">{[each.host, each.pid].filter(Boolean).join(':')}</span>,
    },
    {
      id: 'error',
      header: t('panel.error'),
      cell: (each) => (
        <span title={each.error?.stack ?? undefined}>
          {each.error
            ? [each.error.name ?? each.error.code, each.error.message].filter(Boolean).join(': ')
            : ''}
        </span>
      ),
    },
  ];
  return (
    <DataTable
      label={t('panel.attempts')}
      columns={columns}
      rows={task.attempts}
      rowKey={(each) => each.attemptId}
    />
  );
}

/** `try 2`, and `try 2.1` after one loss of infrastructure: the two are counted apart. */
function attemptName(attempt: Attempt, text: string): string {
  return attempt.infraNumber > 0 ? `${text}.${attempt.infraNumber}` : text;
}

function textOf(ms: number | null): string {
  return ms === null ? '–' : durationText(ms);
}
