import type { Asset } from '../api/contract.ts';
import type { GraphModel, GraphNode } from '../graph/graph-model.ts';

/** Above this many boxes a drawing is no help: the list is, until somebody narrows it. */
const MOST_BOXES = 150;

export interface AssetGraph extends GraphModel {
  /** By id of the box: what it stands for. */
  readonly boxes: ReadonlyMap<string, { readonly kind: 'asset' | 'dag'; readonly name: string }>;
  /** Edges on which a task waits, instead of a schedule that starts a run. */
  readonly waits: ReadonlySet<string>;
}

/**
 * Assets between the DAGs that update them and those that run or wait because of them, so that chains over several DAGs are seen as
 * such. Null: too many to be drawn, or none.
 */
export function assetGraph(assets: readonly Asset[]): AssetGraph | null {
  const boxes = new Map<string, { kind: 'asset' | 'dag'; name: string }>();
  const edges = new Map<string, { id: string; source: string; target: string }>();
  const waits = new Set<string>();
  const box = (kind: 'asset' | 'dag', name: string): string => {
    const id = `${kind}:${name}`;
    boxes.set(id, { kind, name });
    return id;
  };
  const edge = (source: string, target: string): string => {
    const id = `${source}>${target}`;
    edges.set(id, { id, source, target });
    return id;
  };
  for (const asset of assets) {
    const at = box('asset', asset.name);
    for (const { dagId } of asset.producers) edge(box('dag', dagId), at);
    for (const dagId of asset.consumers) edge(at, box('dag', dagId));
    for (const { dagId } of asset.sensors) {
      if (!asset.consumers.includes(dagId)) waits.add(edge(at, box('dag', dagId)));
    }
  }
  if (boxes.size === 0 || boxes.size > MOST_BOXES) return null;
  const nodes = [...boxes].map(
    ([id, { name }]): GraphNode => ({
      id,
      kind: 'task',
      parentId: null,
      label: name,
      note: '',
      taskIds: [],
      isMapped: false,
    }),
  );
  return { nodes, edges: [...edges.values()], boxes, waits };
}
