import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../controls/icon.tsx';
import { layout, type Placed } from '../graph/elk-layout.ts';
import type { AssetGraph } from './asset-graph-model.ts';

const MARGIN = 16;

/** The way of assets through DAGs, left to right. Every box is a link; what is overdue is marked. */
export default function AssetGraphView({
  graph,
  stale,
  chosen,
}: {
  graph: AssetGraph;
  /** Names of assets whose next event is overdue. */
  stale: ReadonlySet<string>;
  chosen: string | undefined;
}) {
  const { t } = useTranslation();
  const [placed, setPlaced] = useState<readonly Placed[]>([]);
  useEffect(() => {
    let isCurrent = true;
    // Without a drawing there is the list, which says the same.
    layout(graph, 'RIGHT').then(
      (next) => isCurrent && setPlaced(next),
      () => isCurrent && setPlaced([]),
    );
    return () => {
      isCurrent = false;
    };
  }, [graph]);
  if (placed.length === 0) return null;
  const at = new Map(placed.map((each) => [each.node.id, each]));
  const width = Math.max(...placed.map(({ x, width: own }) => x + own)) + 2 * MARGIN;
  const height = Math.max(...placed.map(({ y, height: own }) => y + own)) + 2 * MARGIN;
  return (
    <section className="asset-graph" aria-label={t('assets.graph')} tabIndex={0}>
      <div style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          {graph.edges.map(({ id, source, target }) => {
            const from = at.get(source);
            const to = at.get(target);
            return from && to ? (
              <path
                key={id}
                d={curve(from, to)}
                data-waits={graph.waits.has(id) || undefined}
                data-lit={source === `asset:${chosen}` || target === `asset:${chosen}` || undefined}
              />
            ) : null;
          })}
        </svg>
        {placed.map(({ node, x, y, width: own, height: high }) => {
          const { kind, name } = graph.boxes.get(node.id)!;
          const style = { left: x + MARGIN, top: y + MARGIN, width: own, height: high };
          return kind === 'dag' ? (
            <Link
              key={node.id}
              className="asset-box"
              data-kind="dag"
              style={style}
              to="/dags/$dagId"
              params={{ dagId: name }}
            >
              <span>{name}</span>
            </Link>
          ) : (
            <Link
              key={node.id}
              className="asset-box"
              data-kind="asset"
              data-stale={stale.has(name) || undefined}
              aria-current={chosen === name ? 'true' : undefined}
              style={style}
              to="/assets"
              search={(old: Record<string, unknown>) => ({ ...old, asset: name })}
            >
              <Icon name="asset" size={14} />
              <span>{name}</span>
              {stale.has(name) ? <span className="asset-overdue">{t('assets.stale')}</span> : null}
            </Link>
          );
        })}
      </div>
    </section>
  );
}

/** From the right edge of a box to the left edge of another; back to the left it goes in a wide bow. */
function curve(from: Placed, to: Placed): string {
  const x1 = from.x + from.width + MARGIN;
  const y1 = from.y + from.height / 2 + MARGIN;
  const x2 = to.x + MARGIN;
  const y2 = to.y + to.height / 2 + MARGIN;
  const bow = Math.max(24, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1} C${x1 + bow} ${y1} ${x2 - bow} ${y2} ${x2} ${y2}`;
}
