import type {
  DagDetails,
  DagGrid,
  DagSummary,
  DagVersionDetails,
  DagVersionSummary,
  PlannedRun,
} from '@tsflow/core/queries';
import { STATE_LETTERS } from '@tsflow/core/queries';
import type { SerializedDag } from '@tsflow/core/serialization';
import type { TaskState } from '@tsflow/core/state';
import { z } from 'zod';
import { instant, instantParameter, iso } from './instant.ts';
import { jsonObject } from './json-value.ts';
import { flagParameter, listOf, pageQuery } from './page.ts';
import { runBarJson, runBarSchema } from './run.ts';
import { runState, taskCounts, taskState } from './state.ts';

export const dagSchema = z
  .object({
    dagId: z.string(),
    description: z.string().nullable(),
    tags: z.array(z.string()),
    owner: z.string().nullable(),
    file: z.string(),
    schedule: z.string(),
    timezone: z.string(),
    isPaused: z.boolean(),
    isStale: z.boolean(),
    version: z.string().nullable(),
    versionNumber: z.number().int().nullable(),
    nextRun: z.object({ logicalDate: instant, runAfter: instant }).nullable(),
    hasImportError: z.boolean(),
    maxActiveRuns: z.number().int().nullable(),
    lastRuns: z.array(runBarSchema),
  })
  .meta({ id: 'Dag' });

export function dagJson(dag: DagSummary): z.input<typeof dagSchema> {
  return {
    dagId: dag.dagId,
    description: dag.description,
    tags: [...dag.tags],
    owner: dag.owner,
    file: dag.file,
    schedule: dag.schedule,
    timezone: dag.timezone,
    isPaused: dag.isPaused,
    isStale: dag.isStale,
    version: dag.version,
    versionNumber: dag.versionNumber,
    nextRun:
      dag.nextRun === null
        ? null
        : { logicalDate: iso(dag.nextRun.logicalDate), runAfter: iso(dag.nextRun.runAfter) },
    hasImportError: dag.hasImportError,
    maxActiveRuns: dag.maxActiveRuns,
    lastRuns: dag.lastRuns.map(runBarJson),
  };
}

const serializedTask = z
  .looseObject({
    taskId: z.string(),
    groupId: z.string().nullable(),
    operator: z.string(),
    doc: z.string().nullable(),
    owner: z.string().nullable(),
    triggerRule: z.string(),
    upstream: z.array(z.string()),
    downstream: z.array(z.string()),
    retries: z.number().int(),
    retryDelayMs: z.number(),
    executionTimeoutMs: z.number().nullable(),
    pool: z.string(),
    poolSlots: z.number().int(),
    priorityWeight: z.number(),
    dependsOnPast: z.boolean(),
    isSetup: z.boolean(),
    isTeardown: z.boolean(),
  })
  .meta({ id: 'SerializedTask' });

const serializedGroup = z
  .object({
    groupId: z.string(),
    parentId: z.string().nullable(),
    label: z.string(),
    doc: z.string().nullable(),
    retry: z
      .object({
        retries: z.number().int(),
        retryDelayMs: z.number(),
        retryBackoff: z.number(),
        retryJitter: z.number(),
        maxRetryDelayMs: z.number(),
      })
      .optional()
      .describe('How all of it begins again when a task of it failed for good.'),
    expand: z
      .object({
        arguments: z.array(z.object({ name: z.string() })).readonly(),
        loop: z.object({ until: z.string().nullable(), onMax: z.enum(['fail', 'continue']) }).optional(),
      })
      .optional()
      .describe('It is mapped; with `loop` its indexes run one after the other.'),
  })
  .meta({ id: 'SerializedGroup' });

export const serializedDag = z
  .looseObject({
    dagId: z.string(),
    description: z.string().nullable(),
    doc: z.string().nullable(),
    tags: z.array(z.string()),
    timezone: z.string(),
    schedule: z.string(),
    startDate: instant.nullable(),
    endDate: instant.nullable(),
    catchup: z.boolean(),
    dagRunTimeoutMs: z.number().nullable(),
    failFast: z.boolean(),
    paramsSchema: jsonObject.nullable(),
    paramsDefaults: jsonObject,
    tasks: z.array(serializedTask).describe('In topological order; edges are in `upstream`.'),
    groups: z.array(serializedGroup),
  })
  .meta({ id: 'SerializedDag' });

/** The stored document is answered as it is: it is plain JSON of the same shape. */
export function serializedDagJson(dag: SerializedDag): z.input<typeof serializedDag> {
  return dag as unknown as z.input<typeof serializedDag>;
}

export const dagDetailsSchema = dagSchema
  .extend({ doc: z.string().nullable().describe('Markdown.'), serialized: serializedDag.nullable() })
  .meta({ id: 'DagDetails' });

export function dagDetailsJson(dag: DagDetails): z.input<typeof dagDetailsSchema> {
  return {
    ...dagJson(dag),
    doc: dag.doc,
    serialized: dag.serialized === null ? null : serializedDagJson(dag.serialized),
  };
}

export const dagsQuery = pageQuery.extend({
  search: z.string().max(200).optional().describe('Part of the id or the description.'),
  tag: z.string().max(200).optional(),
  owner: z.string().max(200).optional(),
  paused: flagParameter.optional(),
  state: runState.optional().describe('State of the newest run.'),
  stale: flagParameter.optional().describe('Also DAGs whose file is gone.'),
  order: z.enum(['dagId', 'nextRun', 'lastRun']).optional(),
});

export const dagPatch = z.strictObject({ isPaused: z.boolean() }).meta({ id: 'DagPatch' });

export const dagVersionSchema = z
  .object({ version: z.string(), number: z.number().int(), createdAt: instant })
  .meta({ id: 'DagVersion' });

export function dagVersionJson(version: DagVersionSummary): z.input<typeof dagVersionSchema> {
  return { version: version.version, number: version.number, createdAt: iso(version.createdAt) };
}

export const dagVersionDetailsSchema = dagVersionSchema
  .extend({
    serialized: serializedDag,
    files: z
      .array(z.object({ path: z.string(), content: z.string() }))
      .describe('As their author wrote them, the DAG file first.'),
  })
  .meta({ id: 'DagVersionDetails' });

export function dagVersionDetailsJson(version: DagVersionDetails): z.input<typeof dagVersionDetailsSchema> {
  return {
    ...dagVersionJson(version),
    serialized: serializedDagJson(version.serialized),
    files: version.files.map(({ path, content }) => ({ path, content })),
  };
}

export const gridQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).optional().describe('Default 25.'),
  before: instantParameter.optional().describe('Only runs with an earlier logical date.'),
});

const byPlace = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value);

const gridColumn = z
  .object({
    states: z.string().describe('A letter a task, in the order of `tasks`; `.`: no instance.'),
    lengths: z.array(z.number()).describe('Milliseconds a task took; -1: it has not ended.'),
    started: byPlace(instant).describe('Start of those that have not ended, by place in `tasks`.'),
    tries: byPlace(z.number().int()).describe('Where it is not the first, by place.'),
    mapped: byPlace(taskCounts).describe('Instances by state of mapped tasks, by place.'),
  })
  .meta({ id: 'GridColumn' });

export const gridSchema = z
  .object({
    version: z.string().nullable(),
    tasks: z.array(
      z.object({
        taskId: z.string(),
        groupId: z.string().nullable(),
        label: z.string(),
        operator: z.string(),
        isMapped: z.boolean(),
        isRemoved: z.boolean().describe('It left the DAG; some of the runs have it.'),
      }),
    ),
    groups: z.array(serializedGroup),
    letters: z.record(z.string(), taskState).describe('Which state a letter in `states` stands for.'),
    runs: z.array(runBarSchema),
    columns: z.array(gridColumn).describe('One of each run.'),
  })
  .meta({ id: 'DagGrid' });

export function gridJson(grid: DagGrid): z.input<typeof gridSchema> {
  return {
    version: grid.version,
    tasks: [...grid.tasks],
    groups: [...grid.groups],
    letters: LETTERS,
    runs: grid.runs.map(runBarJson),
    columns: grid.columns.map(({ states, lengths, started, tries, mapped }) => ({
      states,
      lengths: [...lengths],
      started: Object.fromEntries(Object.entries(started).map(([place, at]) => [place, iso(at)])),
      tries,
      mapped,
    })),
  };
}

const LETTERS = Object.fromEntries(
  (Object.entries(STATE_LETTERS) as [TaskState, string][]).map(([state, letter]) => [letter, state]),
);

export const rescheduleBody = z
  .strictObject({
    skip: z.number().int().min(1).max(10_000).optional().describe('Pass over this many of the next runs.'),
    skipTo: z
      .string()
      .max(40)
      .optional()
      .describe("Make no run with a logical date before it. Without an offset it is read in the DAG's zone."),
    runNow: z.literal(true).optional().describe('Make the next run now, ahead of its time.'),
    dryRun: z.boolean().optional().describe('Only say what it would do.'),
  })
  .meta({ id: 'Reschedule' });

export const rescheduledSchema = z
  .object({
    skipped: z.array(instant).describe('Logical dates that get no run.'),
    runId: z.string().nullable().describe('The run that was made ahead of its time.'),
    runsNow: instant
      .nullable()
      .optional()
      .describe('Of a dry run: the logical date of the run that it would make.'),
    next: instant.nullable().describe('Logical date of the next run of the schedule.'),
  })
  .meta({ id: 'Rescheduled' });

export const plannedRunSchema = z
  .object({
    logicalDate: instant,
    runAfter: instant,
    dataInterval: z.object({ start: instant, end: instant }),
  })
  .meta({ id: 'PlannedRun' });

export const plannedRunsSchema = listOf(plannedRunSchema).extend({
  knownUntil: instant
    .nullable()
    .describe('Where the knowledge of a custom timetable ends, when that cut the list short.'),
});

export function plannedRunJson(run: PlannedRun): z.input<typeof plannedRunSchema> {
  return {
    logicalDate: iso(run.logicalDate),
    runAfter: iso(run.runAfter),
    dataInterval: { start: iso(run.dataInterval.start), end: iso(run.dataInterval.end) },
  };
}
