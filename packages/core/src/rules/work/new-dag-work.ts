import type { DagGraph } from '../graph/dag-graph.ts';
import { AssetArrivals } from '../schedule/asset-arrivals.ts';
import type { DagWorkState } from './work.ts';

/** The working state of a DAG that has no runs, and that nobody has held before. */
export function newDagWork(graph: DagGraph, maxMapLength: number): DagWorkState {
  return {
    dagId: graph.dag.dagId,
    epoch: 1,
    isPaused: false,
    isStale: false,
    graph,
    mark: null,
    markVersion: null,
    nextTick: null,
    assetArrivals: new AssetArrivals(),
    skipUntil: null,
    runs: new Map(),
    queuedRuns: new Map(),
    backfills: new Map(),
    activeRuns: new Map(),
    activeTasks: 0,
    activeByTask: new Map(),
    maxMapLength,
  };
}
