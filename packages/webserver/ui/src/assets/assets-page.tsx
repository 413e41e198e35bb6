import './assets.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { defined } from '@tsflow/core/defined';
import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Asset } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';
import { Choice } from '../controls/choice.tsx';
import { type Column, DataTable } from '../controls/data-table.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { SearchField } from '../controls/search-field.tsx';
import { freshnessOf } from './asset-freshness.ts';
import { type AssetGraph, assetGraph } from './asset-graph-model.ts';
import { AssetPanel } from './asset-panel.tsx';
import { FreshnessLabel } from './freshness-label.tsx';

const AssetGraphView = lazy(() => import('./asset-graph.tsx'));

/** Assets on their way through the DAGs, then each with how fresh it is; one opens with its events and what they started. */
export function AssetsPage() {
  const { t } = useTranslation();
  const now = useNow();
  const search = useSearch({ from: '/shell/assets' });
  const navigate = useNavigate({ from: '/assets' });
  const set = (change: { [K in keyof typeof search]?: (typeof search)[K] | undefined }) =>
    void navigate({ search: (old) => defined({ ...old, ...change }), replace: true });
  const assets = useQuery(queries.assets());
  const all = assets.data?.items;
  const stale = (all ?? []).filter((asset) => freshnessOf(asset, now) === 'stale').map(({ name }) => name);
  const staleKey = stale.join('\n');
  const shown = useMemo(() => {
    const wanted = (search.filter ?? '').toLowerCase();
    const overdue = new Set(staleKey.split('\n'));
    return (all ?? []).filter(
      (asset) =>
        [asset.name, ...asset.consumers, ...asset.producers.map(({ dagId }) => dagId)].some((name) =>
          name.toLowerCase().includes(wanted),
        ) &&
        (search.status === undefined || overdue.has(asset.name)),
    );
  }, [all, search.filter, search.status, staleKey]);
  // Times of events change every few seconds, the drawing seldom.
  const shape = JSON.stringify(
    shown.map(({ name, producers, consumers, sensors }) => [name, producers, consumers, sensors]),
  );
  const graph = useMemo(() => assetGraph(shown), [shape]);
  if (assets.isError && !assets.data)
    return <ErrorNotice error={assets.error} onRetry={() => void assets.refetch()} />;
  return (
    <div className="page">
      <div className="toolbar">
        <h1 className="sr-only">{t('nav.assets')}</h1>
        <SearchField
          value={search.filter ?? ''}
          label={t('assets.search')}
          onChange={(filter) => set({ filter })}
        />
        <Choice
          label={t('assets.freshness')}
          any={t('assets.anyFreshness')}
          value={search.status}
          options={[['stale', t('assets.stale')]]}
          onChange={(status) => set({ status })}
        />
        {stale.length > 0 ? (
          <span className="soft">{t('assets.staleCount', { count: stale.length })}</span>
        ) : null}
      </div>
      {graph ? (
        <div className="asset-graph-place" style={{ minHeight: roomFor(graph) }}>
          <Suspense>
            <AssetGraphView graph={graph} stale={new Set(stale)} chosen={search.asset} />
          </Suspense>
        </div>
      ) : null}
      {all?.length === 0 ? (
        <div className="empty">
          <h2>{t('assets.none')}</h2>
          <p className="soft">{t('assets.noneText')}</p>
          <pre className="code-block" tabIndex={0}>
            {EXAMPLE}
          </pre>
        </div>
      ) : all && shown.length === 0 ? (
        <div className="empty">
          <h2>{t('list.noneMatch')}</h2>
          <button type="button" className="button" onClick={() => void navigate({ search: {} })}>
            {t('action.reset')}
          </button>
        </div>
      ) : (
        <AssetTable assets={shown} now={now} />
      )}
      {search.asset ? (
        <AssetPanel key={search.asset} name={search.asset} onClose={() => set({ asset: undefined })} />
      ) : null}
    </div>
  );
}

/** What the drawing will need, so that nothing moves when it comes. */
function roomFor({ boxes }: AssetGraph): string {
  const assets = [...boxes.values()].filter(({ kind }) => kind === 'asset').length;
  return `min(46vh, ${32 + 48 * Math.max(assets, boxes.size - assets) * 0.75}px)`;
}

const EXAMPLE = `const orders = new Asset('orders', { freshness: '1d' });
task('load', load, {}, { outlets: [orders] });
new DAG({ dagId: 'report', schedule: [orders] }, …);`;

function AssetTable({ assets, now }: { assets: readonly Asset[]; now: number }) {
  const { t } = useTranslation();
  const columns: Column<Asset>[] = [
    {
      id: 'name',
      isSelfEvident: true,
      header: t('assets.asset'),
      sortBy: (each) => each.name,
      cell: (each) => (
        <Link
          to="/assets"
          search={(old: Record<string, unknown>) => ({ ...old, asset: each.name })}
          className="strong"
          title={each.uri ?? undefined}
        >
          {each.name}
        </Link>
      ),
    },
    {
      id: 'freshness',
      isSelfEvident: true,
      header: t('assets.freshness'),
      sortBy: (each) => ['stale', 'never', 'fresh', 'unset'].indexOf(freshnessOf(each, now)),
      cell: (each) => <FreshnessLabel asset={each} />,
    },
    {
      id: 'last',
      header: t('assets.lastEvent'),
      sortBy: (each) => each.lastEventAt ?? '',
      cell: (each) => <Instant at={each.lastEventAt} />,
    },
    {
      id: 'producers',
      header: t('assets.producers'),
      cell: (each) => <DagLinks dagIds={each.producers.map(({ dagId }) => dagId)} />,
    },
    {
      id: 'consumers',
      header: t('assets.consumers'),
      cell: (each) => <DagLinks dagIds={each.consumers} />,
    },
    {
      id: 'sensors',
      header: t('assets.sensors'),
      className: 'wide-only',
      cell: (each) => <DagLinks dagIds={each.sensors.map(({ dagId }) => dagId)} />,
    },
    {
      id: 'description',
      header: t('variables.description'),
      className: 'clip wide-only',
      cell: (each) => <span className="soft">{each.description}</span>,
    },
  ];
  return <DataTable label={t('nav.assets')} columns={columns} rows={assets} rowKey={({ name }) => name} />;
}

function DagLinks({ dagIds }: { dagIds: readonly string[] }) {
  if (dagIds.length === 0) return <span className="faint">–</span>;
  return (
    <span className="dag-links">
      {[...new Set(dagIds)].map((dagId) => (
        <Link key={dagId} to="/dags/$dagId" params={{ dagId }}>
          {dagId}
        </Link>
      ))}
    </span>
  );
}
