import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { RunBar } from '../api/contract.ts';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { COLUMN_PIXELS, type RunCluster } from './run-clusters.ts';

/** Drawn from the bottom up: what is well lies below what needs a person. */
const STACK: readonly RunBar['state'][] = ['success', 'queued', 'running', 'failed'];
const HEIGHT = 20;
/** Room for a number beside the picture. */
const DIGIT_PIXELS = 7;

/** Runs that overlap, as a density: how many there are at each time, by state, and how many in all. One picture, however many. */
export function ClusterMark({ dagId, cluster, room }: { dagId: string; cluster: RunCluster; room: number }) {
  const { t, i18n } = useTranslation();
  const word = useStateWord();
  const width = cluster.columns.length * COLUMN_PIXELS;
  const count = new Intl.NumberFormat(i18n.language).format(cluster.runs.length);
  const states = [...STACK].reverse().filter((state) => (cluster.counts[state] ?? 0) > 0);
  const label = [
    t('home.runs', { count: cluster.runs.length }),
    ...states.map((state) => `${cluster.counts[state]} ${word(state)}`),
  ].join(' · ');
  const failed = cluster.counts.failed ?? 0;
  const needed = count.length * DIGIT_PIXELS + (failed > 0 ? 18 : 6);
  return (
    <>
      <Link
        to="/runs"
        search={{ dagId }}
        preload={false}
        className="run-cluster"
        title={label}
        aria-label={label}
        style={{ left: cluster.left, width }}
      >
        <svg width={width} height={HEIGHT} aria-hidden="true" focusable="false">
          {STACK.map((state) => {
            const path = pathOf(cluster, state);
            return path === '' ? null : <path key={state} d={path} data-state={state} />;
          })}
        </svg>
      </Link>
      {room >= needed ? (
        <span className="cluster-count" aria-hidden="true" style={{ left: cluster.left + width }}>
          {failed > 0 ? <StateIcon state="failed" size={11} /> : null}
          {count}
        </span>
      ) : null}
    </>
  );
}

/** The share of a state in each column, as one path. */
function pathOf(cluster: RunCluster, state: RunBar['state']): string {
  const below = STACK.slice(0, STACK.indexOf(state));
  const unit = HEIGHT / cluster.peak;
  return cluster.columns
    .map((column, at) => {
      const count = column[state] ?? 0;
      if (count === 0) return '';
      const under = below.reduce((sum, each) => sum + (column[each] ?? 0), 0);
      // A single failure among a thousand runs is still seen.
      const height = Math.max(state === 'failed' ? 3 : 1, count * unit);
      const bottom = Math.max(height, HEIGHT - under * unit);
      return `M${at * COLUMN_PIXELS} ${bottom}v${-height}h${COLUMN_PIXELS - 0.5}v${height}z`;
    })
    .join('');
}
