import './run-page.css';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run, TaskState } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Choice } from '../controls/choice.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { SearchField } from '../controls/search-field.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { STATES_BY_URGENCY } from '../state/urgency.ts';
import { useDefinitionOfRun } from './definition-of-run.ts';
import { Gantt } from './gantt.tsx';
import { MappedPanel } from './panel/mapped-panel.tsx';
import { TaskPanel } from './panel/task-panel.tsx';
import { RunHeader } from './run-header.tsx';
import { type RowOrder, taskRows } from './task-rows.ts';

const GraphView = lazy(() => import('../graph/graph-view.tsx'));

/** One run: the task tree with the Gantt on the same lines (or the graph), and the chosen task's panel below. */
export function RunPage() {
  const { t } = useTranslation();
  const word = useStateWord();
  const { dagId, runId } = useParams({ from: '/shell/dags/$dagId/runs/$runId' });
  const search = useSearch({ from: '/shell/dags/$dagId/runs/$runId' });
  const navigate = useNavigate({ from: '/dags/$dagId/runs/$runId' });
  const set = (change: Partial<typeof search>) =>
    void navigate({
      search: (old) => ({ ...old, ...change }),
      // Marked lines are those of one attempt.
      hash: 'task' in change || 'attempt' in change ? '' : true,
      replace: true,
    });

  const run = useQuery(queries.run(dagId, runId));
  const dag = useQuery(queries.dag(dagId));
  const instances = useQuery(queries.runTasks(dagId, runId));
  const gantt = useQuery(queries.gantt(dagId, runId));
  const serialized = useDefinitionOfRun(dag.data, run.data);

  const closed = useMemo(() => new Set((search.closed ?? '').split(',').filter(Boolean)), [search.closed]);
  const rows = useMemo(
    () =>
      taskRows({
        tasks: serialized?.tasks ?? [],
        groups: serialized?.groups ?? [],
        instances: instances.data?.items ?? [],
        segments: gantt.data?.items ?? [],
        closed,
        filter: search.filter,
        state: search.state,
        order: search.order as RowOrder | undefined,
      }),
    [serialized, instances.data, gantt.data, closed, search.filter, search.state, search.order],
  );
  const toggle = (key: string) => {
    const next = new Set(closed);
    if (!next.delete(key)) next.add(key);
    set({ closed: [...next].join(',') || undefined });
  };
  const choose = (taskId: string, map: string) =>
    set({
      task: taskId,
      map: map || undefined,
      tab: search.tab ?? 'log',
      attempt: undefined,
      find: undefined,
    });

  const closePanel = () =>
    set({
      task: undefined,
      map: undefined,
      tab: undefined,
      attempt: undefined,
      find: undefined,
      level: undefined,
    });
  // A link to a mapped task names no index: it is about all of them.
  const mapped =
    search.task && search.map === undefined
      ? (instances.data?.items ?? []).filter((each) => each.taskId === search.task && each.mapPath !== '')
      : [];

  if (run.isError && !run.data) return <ErrorNotice error={run.error} onRetry={() => void run.refetch()} />;
  const view = search.view ?? 'gantt';
  return (
    <div className="page" data-fill>
      <RunHeader dagId={dagId} runId={runId} run={run.data} zone={dag.data?.timezone} />
      <div className="toolbar run-toolbar">
        <div className="segmented" role="group" aria-label={t('run.view')}>
          {(['gantt', 'graph'] as const).map((each) => (
            <button
              key={each}
              type="button"
              className="button"
              aria-pressed={view === each}
              onClick={() => set({ view: each === 'gantt' ? undefined : each })}
            >
              {t(`run.${each}`)}
            </button>
          ))}
        </div>
        <SearchField
          value={search.filter ?? ''}
          label={t('run.filterTasks')}
          onChange={(filter) => set({ filter })}
        />
        <Choice
          label={t('dags.state')}
          any={t('dags.anyState')}
          value={search.state}
          onChange={(state) => set({ state })}
          options={STATES_BY_URGENCY.map((state) => [state, word(state)])}
        />
        {view === 'gantt' ? (
          <Choice
            label={t('run.order')}
            any={t('run.byTopology')}
            value={search.order}
            onChange={(order) => set({ order })}
            options={[
              ['start', t('run.byStart')],
              ['duration', t('run.byDuration')],
            ]}
          />
        ) : null}
        <StateCounts
          counts={run.data?.taskCounts}
          chosen={search.state}
          onChoose={(state) => set({ state })}
        />
      </div>
      {instances.isError || gantt.isError ? (
        <ErrorNotice
          error={instances.error ?? gantt.error}
          what={t('run.tasksFailed')}
          onRetry={() => {
            void instances.refetch();
            void gantt.refetch();
          }}
        />
      ) : null}
      <div className="run-body">
        {view === 'graph' && serialized ? (
          <Suspense fallback={<div className="grow" />}>
            <GraphView
              dag={serialized}
              instances={instances.data?.items}
              selected={search.task}
              filter={search.filter}
              closed={search.closed}
              direction={search.direction}
              onSelect={(taskId) => choose(taskId, '')}
              onChange={set}
            />
          </Suspense>
        ) : run.data ? (
          <Gantt
            rows={rows}
            run={run.data}
            selectedTask={search.task}
            selectedMap={search.map ?? ''}
            zoom={search.zoom}
            isFiltered={Boolean(search.filter || search.state)}
            onZoom={(zoom) => set({ zoom })}
            onToggle={toggle}
            onChoose={choose}
          />
        ) : (
          <div className="grow" />
        )}
        {search.task && mapped.length > 0 ? (
          <MappedPanel
            taskId={search.task}
            instances={mapped}
            zone={dag.data?.timezone}
            onClose={closePanel}
          />
        ) : search.task && (search.map !== undefined || !instances.isPending) ? (
          <TaskPanel
            key={`${search.task}\0${search.map ?? ''}`}
            dagId={dagId}
            runId={runId}
            taskId={search.task}
            mapPath={search.map ?? ''}
            search={search}
            zone={dag.data?.timezone}
            onChange={set}
            onClose={closePanel}
          />
        ) : null}
      </div>
    </div>
  );
}

function StateCounts({
  counts,
  chosen,
  onChoose,
}: {
  counts: Run['taskCounts'] | undefined;
  chosen: string | undefined;
  onChoose: (state: string | undefined) => void;
}) {
  const word = useStateWord();
  return (
    <div className="state-counts">
      {STATES_BY_URGENCY.filter((state: TaskState) => (counts?.[state] ?? 0) > 0).map((state) => (
        <button
          key={state}
          type="button"
          className="button"
          data-kind="quiet"
          aria-pressed={chosen === state}
          onClick={() => onChoose(chosen === state ? undefined : state)}
        >
          <StateIcon state={state} size={13} />
          {counts?.[state]} <span className="soft">{word(state)}</span>
        </button>
      ))}
    </div>
  );
}
