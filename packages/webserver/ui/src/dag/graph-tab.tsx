import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DagDetail } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { dateText, useShownZone } from '../clock/instant.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { Icon } from '../controls/icon.tsx';
import { SearchField } from '../controls/search-field.tsx';
import { TriggerPanel } from '../dialogs/trigger-panel.tsx';
import { useMayWrite } from '../login/role.ts';
import { useDefinitionOfRun } from '../run/definition-of-run.ts';
import { StateLabel, useStateWord } from '../state/state-label.tsx';

const GraphView = lazy(() => import('../graph/graph-view.tsx'));

interface GraphSearch {
  run?: string | undefined;
  task?: string | undefined;
  filter?: string | undefined;
  closed?: string | undefined;
  direction?: string | undefined;
}

/** The DAG as a graph with the states of its newest run, or of the chosen one; without any run, the plan. */
export function GraphTab({
  dag,
  search,
  onChange,
}: {
  dag: DagDetail;
  search: GraphSearch;
  onChange: (change: GraphSearch) => void;
}) {
  const { t, i18n } = useTranslation();
  const word = useStateWord();
  const zone = useShownZone(dag.timezone);
  const newest = dag.lastRuns.at(-1);
  const runId = search.run ?? newest?.runId;
  const run = useQuery({ ...queries.run(dag.dagId, runId ?? ''), enabled: runId !== undefined });
  const instances = useQuery({ ...queries.runTasks(dag.dagId, runId ?? ''), enabled: runId !== undefined });
  const definition = useDefinitionOfRun(dag, run.data);
  const mayWrite = useMayWrite();
  const [isTriggering, setTriggering] = useState(false);
  const isListed = runId === undefined || dag.lastRuns.some((each) => each.runId === runId);
  return (
    <>
      <div className="toolbar">
        <SearchField
          value={search.filter ?? ''}
          label={t('run.filterTasks')}
          onChange={(filter) => onChange({ filter })}
        />
        {runId === undefined ? (
          <span className="soft">{t('dags.neverRan')}</span>
        ) : (
          <select
            className="field"
            aria-label={t('graph.run')}
            value={runId}
            onChange={({ target: { value } }) =>
              onChange({ run: value === newest?.runId ? undefined : value })
            }
          >
            {isListed ? null : <option value={runId}>{runId}</option>}
            {[...dag.lastRuns].reverse().map((each, at) => (
              <option key={each.runId} value={each.runId}>
                {at === 0 ? `${t('graph.newest')} · ` : ''}
                {dateText(Date.parse(each.logicalDate), zone, i18n.language)} · {word(each.state)}
              </option>
            ))}
          </select>
        )}
        {run.data ? <StateLabel state={run.data.state} /> : null}
        {runId !== undefined ? (
          <Link
            to="/dags/$dagId/runs/$runId"
            params={{ dagId: dag.dagId, runId }}
            search={search.task ? { task: search.task, view: 'graph' } : { view: 'graph' }}
            className="button"
            data-kind="quiet"
          >
            {search.task ? t('graph.openTask', { task: search.task }) : t('graph.openRun')}
          </Link>
        ) : null}
        {search.task && mayWrite ? (
          <button type="button" className="button" data-kind="quiet" onClick={() => setTriggering(true)}>
            <Icon name="play" size={13} /> {t('trigger.upToButton', { task: search.task })}
          </button>
        ) : null}
      </div>
      {instances.isError ? (
        <ErrorNotice error={instances.error} onRetry={() => void instances.refetch()} />
      ) : null}
      {definition ? (
        <Suspense fallback={<div className="grow" />}>
          <GraphView
            dag={definition}
            instances={runId === undefined ? [] : instances.data?.items}
            selected={search.task}
            filter={search.filter}
            closed={search.closed}
            direction={search.direction}
            onSelect={(task) => onChange({ task: task || undefined })}
            onChange={onChange}
          />
        </Suspense>
      ) : null}
      {isTriggering ? (
        <TriggerPanel dagId={dag.dagId} upTo={search.task} onClose={() => setTriggering(false)} />
      ) : null}
    </>
  );
}
