import type * as c from './contract.ts';

/** The routes of the REST API with what each takes and answers, in the shape that openapi-fetch reads. */
export interface paths {
  '/auth/login': { post: Body<{ name: string; password: string }, { user: c.User }> };
  '/auth/logout': { post: Body<undefined, unknown> };
  '/auth/me': { get: Get<{ user: c.User } | c.User> };
  '/info': { get: Get<c.ServerInfo> };
  '/dags': { get: Get<c.Page<c.Dag>, DagFilter> };
  '/dags/{dagId}': {
    get: Get<c.DagDetail, never, DagPath>;
    patch: Body<{ isPaused: boolean }, unknown, DagPath>;
  };
  '/dags/{dagId}/versions': { get: Get<c.Page<c.DagVersion>, never, DagPath> };
  '/dags/{dagId}/versions/{version}': { get: Get<c.DagVersionDetail, never, DagPath & { version: string }> };
  '/dags/{dagId}/grid': { get: Get<c.Grid, { limit?: number; before?: string }, DagPath> };
  '/dags/{dagId}/runs': { post: Body<TriggerBody, c.Run, DagPath> };
  '/dags/{dagId}/backfills': { post: Body<BackfillBody, c.BackfillPreview | c.Backfill, DagPath> };
  '/runs': { get: Get<c.Page<c.Run>, RunFilter> };
  '/dags/{dagId}/runs/{runId}': {
    get: Get<c.Run, never, RunPath>;
    patch: Body<{ state?: 'success' | 'failed'; note?: string }, unknown, RunPath>;
  };
  '/dags/{dagId}/runs/{runId}/tasks': { get: Get<c.Page<c.TaskInstance>, never, RunPath> };
  '/dags/{dagId}/runs/{runId}/gantt': { get: Get<c.Page<c.GanttSegment>, never, RunPath> };
  '/dags/{dagId}/runs/{runId}/clear': { post: Body<ClearBody, c.ClearPlan, RunPath> };
  '/dags/{dagId}/runs/{runId}/mark': { post: Body<MarkBody, c.ClearPlan, RunPath> };
  '/dags/{dagId}/runs/{runId}/kill': { post: Body<{ taskIds?: string[] }, unknown, RunPath> };
  '/dags/{dagId}/runs/{runId}/why': { get: Get<c.Page<c.Check>, never, RunPath> };
  '/dags/{dagId}/runs/{runId}/events': { get: Get<c.Page<c.EventRow>, { limit?: number }, RunPath> };
  '/dags/{dagId}/runs/{runId}/tasks/{taskId}': {
    get: Get<c.TaskInstanceDetail, MapQuery, TaskPath>;
  };
  '/dags/{dagId}/runs/{runId}/tasks/{taskId}/why': { get: Get<c.Page<c.Check>, MapQuery, TaskPath> };
  '/dags/{dagId}/runs/{runId}/tasks/{taskId}/xcom': {
    get: Get<c.Page<{ key: string; value: unknown }>, MapQuery, TaskPath>;
  };
  '/dags/{dagId}/runs/{runId}/tasks/{taskId}/attempts/{attemptId}/log': {
    get: Get<
      c.LogPage,
      { offset?: number; limitBytes?: number; level?: string },
      TaskPath & { attemptId: string }
    >;
  };
  '/backfills': { get: Get<c.Page<c.Backfill>, { dagId?: string }> };
  '/backfills/{key}/{action}': {
    post: Body<undefined, unknown, { key: number; action: 'pause' | 'resume' | 'cancel' }>;
  };
  '/variables': { get: Get<c.Page<c.Variable>> };
  '/variables/{key}': {
    put: Body<{ value: unknown; description?: string; isSecret?: boolean }, c.Variable, { key: string }>;
    delete: Body<undefined, unknown, { key: string }>;
  };
  '/variables/{key}/history': { get: Get<c.Page<c.VariableChange>, never, { key: string }> };
  '/import-errors': { get: Get<c.Page<c.ImportError>> };
  '/timeline': { get: Get<c.Timeline, { from: string; to: string }> };
}

export interface DagFilter {
  search?: string;
  tag?: string;
  owner?: string;
  paused?: string;
  state?: string;
  order?: string;
  limit?: number;
  cursor?: string;
}

export interface RunFilter {
  dagId?: string;
  state?: string;
  runType?: string;
  from?: string;
  to?: string;
  limit?: number;
  cursor?: string;
}

export interface ClearBody {
  taskIds?: string[];
  upstream?: boolean;
  downstream?: boolean;
  onlyFailed?: boolean;
  past?: boolean;
  future?: boolean;
  sameVersion?: boolean;
  dryRun?: boolean;
}

export interface MarkBody {
  taskIds: string[];
  state: 'success' | 'failed' | 'skipped';
  upstream?: boolean;
  downstream?: boolean;
  dryRun?: boolean;
}

export interface BackfillBody {
  start: string;
  end: string;
  reprocess?: string;
  reverse?: boolean;
  maxActiveRuns?: number;
  conf?: Record<string, unknown>;
  unpause?: boolean;
  dryRun?: boolean;
}

export interface TriggerBody {
  conf?: Record<string, unknown>;
  logicalDate?: string;
  runId?: string;
  note?: string;
  unpause?: boolean;
}

interface DagPath {
  dagId: string;
}
interface RunPath extends DagPath {
  runId: string;
}
interface TaskPath extends RunPath {
  taskId: string;
}
interface MapQuery {
  mapPath?: string;
}

type Json<T> = { content: { 'application/json': T } };
type Answers<T> = { 200: Json<T>; 400: Json<c.ErrorBody> };
type Parameters<Query, Path> = {
  parameters: ([Query] extends [never] ? { query?: never } : { query?: Query }) &
    ([Path] extends [never] ? { path?: never } : { path: Path }) & {
      header?: Record<string, string>;
    };
};
type Get<Answer, Query = never, Path = never> = Parameters<Query, Path> & { responses: Answers<Answer> };
type Body<Sent, Answer, Path = never> = Parameters<never, Path> &
  (Sent extends undefined ? { requestBody?: never } : { requestBody: Json<Sent> }) & {
    responses: Answers<Answer>;
  };
