import type { ElkNode } from 'elkjs/lib/elk-api.js';
import ELK from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import type { GraphModel, GraphNode } from './graph-model.ts';

export const NODE_HEIGHT = 34;
const CHARACTER_WIDTH = 8.2;
const GROUP_HEAD = 30;

export type Direction = 'RIGHT' | 'DOWN';

export interface Placed {
  readonly node: GraphNode;
  /** Relative to the parent, as the library draws it. */
  readonly x: number;
  readonly y: number;
  /** On the sheet, for the export. */
  readonly absoluteX: number;
  readonly absoluteY: number;
  readonly width: number;
  readonly height: number;
}

/** Lays a graph out in layers, in a worker. Equal questions are answered from memory: a DAG's form changes seldom. */
export function layout(model: GraphModel, direction: Direction): Promise<readonly Placed[]> {
  const key = `${direction} ${model.nodes.map((node) => `${node.id}:${node.kind}`).join()} ${model.edges.map((edge) => edge.id).join()}`;
  const known = answered.get(key);
  if (known) return known;
  const asked = ask(model, direction);
  answered.set(key, asked);
  if (answered.size > MOST_REMEMBERED) answered.delete(answered.keys().next().value!);
  asked.catch(() => answered.delete(key));
  return asked;
}

async function ask(model: GraphModel, direction: Direction): Promise<readonly Placed[]> {
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) });
  const byId = new Map(model.nodes.map((node) => [node.id, node]));
  const children = new Map<string | null, GraphNode[]>();
  for (const node of model.nodes) {
    const list = children.get(node.parentId);
    if (list) list.push(node);
    else children.set(node.parentId, [node]);
  }
  const box = (node: GraphNode): ElkNode =>
    node.kind === 'group'
      ? {
          id: node.id,
          children: (children.get(node.id) ?? []).map(box),
          layoutOptions: { 'elk.padding': `[top=${GROUP_HEAD},left=14,bottom=14,right=14]` },
        }
      : { id: node.id, width: widthOf(node), height: NODE_HEIGHT };
  const answer = await elk.layout({
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': direction,
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.layered.spacing.nodeNodeBetweenLayers': '44',
      'elk.spacing.nodeNode': '14',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.layered.nodePlacement.strategy': model.nodes.length > 300 ? 'SIMPLE' : 'BRANDES_KOEPF',
    },
    children: (children.get(null) ?? []).map(box),
    edges: model.edges.map((edge) => ({ id: edge.id, sources: [edge.source], targets: [edge.target] })),
  });
  const placed: Placed[] = [];
  const walk = (boxes: readonly ElkNode[], left: number, top: number): void => {
    for (const { id, x = 0, y = 0, width = 0, height = 0, children: inside } of boxes) {
      placed.push({ node: byId.get(id)!, x, y, absoluteX: left + x, absoluteY: top + y, width, height });
      if (inside) walk(inside, left + x, top + y);
    }
  };
  walk(answer.children ?? [], 0, 0);
  return placed;
}

function widthOf(node: GraphNode): number {
  const wide = [...node.label].reduce((sum, letter) => sum + (letter > '\u2e80' ? 1.8 : 1), 0);
  return Math.round(Math.min(340, Math.max(96, wide * CHARACTER_WIDTH + noteLength(node) * 7 + 62)));
}

/** A mapped task has its count in the place of its note: there is room for it before it is known. */
function noteLength({ note, isMapped, kind }: GraphNode): number {
  return isMapped && kind === 'task' ? Math.max(note.length, COUNT_LENGTH) : note.length;
}

const COUNT_LENGTH = 9;

const MOST_REMEMBERED = 20;
const answered = new Map<string, Promise<readonly Placed[]>>();
let elk: InstanceType<typeof ELK> | undefined;
