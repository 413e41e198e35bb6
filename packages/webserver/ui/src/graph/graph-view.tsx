import '@xyflow/react/dist/base.css';
import './graph.css';
import {
  Controls,
  type Edge,
  Handle,
  MiniMap,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react';
import { createContext, memo, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SerializedDag, TaskInstance, TaskState } from '../api/contract.ts';
import { useWidth } from '../browser/width.ts';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { Icon } from '../controls/icon.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { type Direction, layout, type Placed } from './elk-layout.ts';
import { AUTO_CLOSE_ABOVE, type GraphNode, graphModel, nodeStates, related } from './graph-model.ts';
import { graphToSvg } from './svg-export.ts';

interface GraphChange {
  closed?: string;
  direction?: string;
  filter?: string;
}

interface GraphViewProps {
  dag: SerializedDag;
  /** Of one run; without, the plan alone is drawn. */
  instances: readonly TaskInstance[] | undefined;
  selected: string | undefined;
  filter: string | undefined;
  closed: string | undefined;
  direction: string | undefined;
  onSelect: (taskId: string) => void;
  onChange: (change: GraphChange) => void;
}

/** The DAG in layers. Tasks that have not started are drawn as planned; big graphs open with their groups closed. */
export default function GraphView(props: GraphViewProps) {
  return (
    <ReactFlowProvider>
      <Graph {...props} />
    </ReactFlowProvider>
  );
}

interface Drawn extends Record<string, unknown> {
  readonly node: GraphNode;
  readonly direction: Direction;
}

interface Live {
  readonly states: ReturnType<typeof nodeStates> | null;
  readonly lit: ReadonlySet<string> | null;
  readonly selected: string | undefined;
  readonly filter: string | undefined;
  readonly onToggle: (groupId: string) => void;
}

// States change often, positions seldom: nodes read the former from a context, so that a live change moves nothing.
const LiveContext = createContext<Live>({
  states: null,
  lit: null,
  selected: undefined,
  filter: undefined,
  onToggle: () => {},
});

function Graph({
  dag,
  instances,
  selected,
  filter,
  closed,
  direction: wanted,
  onSelect,
  onChange,
}: GraphViewProps) {
  const { t } = useTranslation();
  const flow = useReactFlow();
  const frame = useRef<HTMLElement>(null);
  const width = useWidth(frame);
  // Side by side, the tasks of a chain would be too small to read on a telephone.
  const direction = isDirection(wanted) ? wanted : width > 0 && width < NARROW ? 'DOWN' : 'RIGHT';
  const shut = useMemo(() => {
    if (closed === undefined && dag.tasks.length > AUTO_CLOSE_ABOVE)
      return new Set(dag.groups.map((group) => group.groupId));
    return new Set((closed ?? '').split(',').filter((each) => each !== '' && each !== '-'));
  }, [closed, dag]);
  const model = useMemo(() => graphModel(dag, shut), [dag, shut]);
  const [placed, setPlaced] = useState<readonly Placed[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const isMeasured = width > 0;
  useEffect(() => {
    if (!isMeasured) return;
    let isCurrent = true;
    layout(model, direction).then(
      (next) => {
        if (!isCurrent) return;
        setError(null);
        setPlaced(next);
        requestAnimationFrame(() => void flow.fitView(WHOLE));
      },
      (reason: unknown) => isCurrent && setError(reason),
    );
    return () => {
      isCurrent = false;
    };
  }, [model, direction, flow, isMeasured]);

  // A telephone that is turned shows the whole graph again, not the corner that was left of it.
  useEffect(() => {
    if (width > 0) void flow.fitView(WHOLE);
  }, [width, flow]);

  const setShut = (next: ReadonlySet<string>) => onChange({ closed: [...next].join(',') || '-' });
  const live = useMemo(
    (): Live => ({
      states: instances ? nodeStates(model, instances) : null,
      lit: selected ? related(model, selected) : null,
      selected,
      filter: filter?.toLowerCase() || undefined,
      onToggle: (groupId) => {
        const next = new Set(shut);
        if (!next.delete(groupId)) next.add(groupId);
        setShut(next);
      },
    }),
    [model, instances, selected, filter, shut],
  );
  const nodes = useMemo(
    (): Node<Drawn>[] =>
      (placed ?? []).map((each) => ({
        id: each.node.id,
        type: each.node.kind === 'group' ? 'box' : 'task',
        position: { x: each.x, y: each.y },
        width: each.width,
        height: each.height,
        ...(each.node.parentId && (placed ?? []).some((other) => other.node.id === each.node.parentId)
          ? { parentId: each.node.parentId }
          : {}),
        data: { node: each.node, direction },
        ariaLabel: each.node.id,
      })),
    [placed, direction],
  );
  const edges = useMemo(
    (): Edge[] =>
      model.edges.map((edge) => {
        const isLit = live.lit?.has(edge.source) && live.lit.has(edge.target);
        return { ...edge, className: live.lit ? (isLit ? 'lit' : 'dim') : '', focusable: false };
      }),
    [model, live.lit],
  );
  const findFirst = () => {
    const hit = placed?.find((each) => live.filter && each.node.id.toLowerCase().includes(live.filter));
    if (hit) void flow.fitView({ nodes: [{ id: hit.node.id }], maxZoom: 1.2, duration: 200 });
  };
  const svg = () =>
    graphToSvg(
      placed ?? [],
      model.edges,
      direction,
      (id) => live.states?.get(id) ?? null,
      (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim(),
    );
  if (error) return <ErrorNotice error={error} what={t('graph.failed')} />;
  return (
    <LiveContext.Provider value={live}>
      <section ref={frame} className="graph" aria-label={t('dag.graph')} aria-busy={placed === null}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          minZoom={0.04}
          maxZoom={2}
          nodesDraggable={false}
          nodesConnectable={false}
          onlyRenderVisibleElements
          proOptions={{ hideAttribution: true }}
          onNodeClick={(_, node) =>
            node.data.node.kind === 'task' ? onSelect(node.id) : live.onToggle(node.id)
          }
          onPaneClick={() => selected && onSelect('')}
        >
          <Controls showInteractive={false} />
          <MiniMap
            pannable
            zoomable
            nodeClassName={(node) => `mini-${live.states?.get(node.id)?.state ?? 'none'}`}
            nodeStrokeWidth={0}
          />
        </ReactFlow>
        <div className="graph-tools">
          <button
            type="button"
            className="button"
            onClick={() => onChange({ direction: direction === 'RIGHT' ? 'DOWN' : 'RIGHT' })}
          >
            {direction === 'RIGHT' ? t('graph.toRight') : t('graph.down')}
          </button>
          {dag.groups.length > 0 ? (
            <>
              <button
                type="button"
                className="button"
                onClick={() => setShut(new Set(dag.groups.map((group) => group.groupId)))}
              >
                {t('dag.closeAll')}
              </button>
              <button type="button" className="button" onClick={() => setShut(new Set())}>
                {t('dag.openAll')}
              </button>
            </>
          ) : null}
          {live.filter ? (
            <button type="button" className="button" onClick={findFirst}>
              <Icon name="search" size={13} /> {t('graph.find')}
            </button>
          ) : null}
          <button
            type="button"
            className="button"
            onClick={() => save(new Blob([svg()], { type: 'image/svg+xml' }), `${dag.dagId}.svg`)}
          >
            SVG
          </button>
          <button
            type="button"
            className="button"
            onClick={() => void toPng(svg()).then((png) => save(png, `${dag.dagId}.png`))}
          >
            PNG
          </button>
        </div>
      </section>
    </LiveContext.Provider>
  );
}

const TaskNode = memo(function TaskNode({ id, data }: NodeProps<Node<Drawn>>) {
  const { t } = useTranslation();
  const live = useContext(LiveContext);
  const word = useStateWord();
  const { node, direction } = data;
  const known = live.states?.get(id);
  const state: TaskState | null = known?.state ?? null;
  const isHit = live.filter !== undefined && id.toLowerCase().includes(live.filter);
  return (
    <div
      className="graph-node"
      data-kind={node.kind}
      data-state={state ?? 'none'}
      data-planned={state === 'none' || state === null || undefined}
      data-dim={(live.lit && !live.lit.has(id)) || undefined}
      data-selected={live.selected === id || undefined}
      data-hit={isHit || undefined}
      title={state ? `${id} – ${word(state)}` : id}
    >
      <Handle type="target" position={direction === 'RIGHT' ? Position.Left : Position.Top} />
      {state ? <StateIcon state={state} /> : null}
      {state ? <span className="sr-only">{word(state)}</span> : null}
      <span className="graph-label">{node.label}</span>
      {known?.progress ? (
        <span className="graph-count soft" title={t('graph.done', known.progress)}>
          {known.progress.done}/{known.progress.total}
        </span>
      ) : (
        <span className="faint">
          {node.kind === 'closed' ? [node.taskIds.length, node.note].filter(Boolean).join(' ') : node.note}
        </span>
      )}
      {node.kind === 'closed' ? <Icon name="plus" size={12} /> : null}
      <Handle type="source" position={direction === 'RIGHT' ? Position.Right : Position.Bottom} />
    </div>
  );
});

const GroupNode = memo(function GroupNode({ id, data }: NodeProps<Node<Drawn>>) {
  const live = useContext(LiveContext);
  const known = live.states?.get(id);
  return (
    <div
      className="graph-group"
      data-dim={(live.lit && !data.node.taskIds.some((taskId) => live.lit?.has(taskId))) || undefined}
    >
      <Handle type="target" position={data.direction === 'RIGHT' ? Position.Left : Position.Top} />
      <span className="graph-label">
        <Icon name="chevronDown" size={12} /> {data.node.label}
      </span>
      {data.node.note === '' ? null : <span className="faint">{data.node.note}</span>}
      {known && known.state !== 'none' ? <StateIcon state={known.state} size={12} /> : null}
      <Handle type="source" position={data.direction === 'RIGHT' ? Position.Right : Position.Bottom} />
    </div>
  );
});

/** Below this a graph goes down, unless somebody says otherwise. */
const NARROW = 560;

function isDirection(text: string | undefined): text is Direction {
  return text === 'DOWN' || text === 'RIGHT';
}

/** All of it in sight; small graphs no larger than their text asks for. */
const WHOLE = { padding: 0.08, maxZoom: 1.1, minZoom: 0.05 };

// Not called "group": the library draws a frame of its own around that.
const NODE_TYPES = { task: TaskNode, box: GroupNode };

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function toPng(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.width * 2;
  canvas.height = image.height * 2;
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(url);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) =>
      blob ? resolve(blob) : reject(new Error('The picture is too large for this browser.')),
    ),
  );
}
