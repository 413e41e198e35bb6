// A development aid: answers the REST routes with seeded data and moves one run forward, so that the UI can be worked on
// without a scheduler. `node ui/dev/fixture-server.mjs [port] [--empty] [--base=/tsflow]`, after `npm run build`.
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const port = Number(process.argv[2] ?? 8090);
const isEmpty = process.argv.includes('--empty');
const base = process.argv.find((arg) => arg.startsWith('--base='))?.slice(7) ?? '';
const dist = fileURLToPath(new URL('../../dist/ui', import.meta.url));

let seed = 42;
let nextAttempt = 1;
const random = () => {
  seed = (seed * 1_664_525 + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};
const pick = (list) => list[Math.floor(random() * list.length)];
const iso = (ms) => (ms === null ? null : new Date(ms).toISOString());
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const started = Date.now();

const dags = new Map();
const runs = new Map();
const variables = new Map();
let backfills = [];
let importErrors = [];
const events = [];
const clients = new Set();
let cursor = 0;

// ---------------------------------------------------------------- seeding

function task(taskId, upstream = [], over = {}) {
  const dot = taskId.lastIndexOf('.');
  return {
    taskId,
    groupId: dot < 0 ? null : taskId.slice(0, dot),
    operator: 'FunctionOperator',
    doc: null,
    owner: null,
    triggerRule: 'all_success',
    upstream,
    downstream: [],
    retries: 2,
    retryDelayMs: 8_000,
    executionTimeoutMs: null,
    pool: 'default_pool',
    poolSlots: 1,
    priorityWeight: 1,
    dependsOnPast: false,
    isSetup: false,
    isTeardown: false,
    work: 400 + random() * 4_000,
    ...over,
  };
}

function defineDag(dagId, over, tasks) {
  const byId = new Map(tasks.map((each) => [each.taskId, each]));
  for (const each of tasks) for (const up of each.upstream) byId.get(up).downstream.push(each.taskId);
  const groupIds = tasks.flatMap(({ groupId }) => {
    const parts = groupId?.split('.') ?? [];
    return parts.map((_, at) => parts.slice(0, at + 1).join('.'));
  });
  const groups = [...new Set(groupIds)].map((groupId) => ({
    groupId,
    parentId: groupId.includes('.') ? groupId.slice(0, groupId.lastIndexOf('.')) : null,
    label: groupId.split('.').at(-1),
  }));
  const dag = {
    dagId,
    description: null,
    tags: [],
    owner: 'data',
    file: `${dagId}.ts`,
    schedule: '03:00 every day (Asia/Tokyo)',
    everyMs: DAY,
    timezone: 'Asia/Tokyo',
    isPaused: false,
    isStale: false,
    version: Math.floor(random() * 2 ** 40)
      .toString(16)
      .padStart(12, '3f9c2a'),
    versionNumber: 1 + Math.floor(random() * 9),
    hasImportError: false,
    maxActiveRuns: 16,
    paramsSchema: null,
    paramsDefaults: {},
    tasks,
    groups,
    failRate: 0.06,
    ...over,
  };
  dags.set(dagId, dag);
  return dag;
}

function addRun(dag, logical, outcome, runType = 'scheduled') {
  const runId = `${runType}__${iso(logical)}${runType === 'manual' ? '_k3x9' : ''}`;
  const run = {
    dagId: dag.dagId,
    runId,
    runType,
    state: outcome,
    logicalDate: iso(logical),
    dataInterval: { start: iso(logical - dag.everyMs), end: iso(logical) },
    queuedAt: iso(logical),
    startDate: outcome === 'queued' ? null : iso(logical + 40),
    endDate: null,
    version: dag.version,
    versionNumber: dag.versionNumber,
    conf: runType === 'manual' ? { station: 'SEA', year: 2015 } : {},
    triggeredBy: runType === 'manual' ? 'mika' : null,
    note: null,
    reason: null,
    backfillKey: runType === 'backfill' ? 1 : null,
    tasks: new Map(),
    attempts: [],
  };
  const failsAt = outcome === 'failed' ? Math.floor(dag.tasks.length * (0.3 + random() * 0.6)) : -1;
  let last = logical + 50;
  for (const [index, each] of dag.tasks.entries()) {
    const instance = {
      dagId: dag.dagId,
      runId,
      taskId: each.taskId,
      mapIndex: -1,
      mapPath: '',
      state: 'none',
      tryNumber: 0,
      infraNumber: 0,
      maxTries: each.retries,
      operator: each.operator,
      groupId: each.groupId,
      scheduledAt: null,
      queuedAt: null,
      startDate: null,
      endDate: null,
      nextAt: null,
      reason: null,
      pool: each.pool,
      priorityWeight: each.priorityWeight,
      attemptId: null,
    };
    run.tasks.set(each.taskId, instance);
    if (outcome === 'queued' || outcome === 'running') continue;
    const ups = each.upstream.map((id) => run.tasks.get(id));
    const ready = Math.max(logical + 50, ...ups.map((up) => Date.parse(up.endDate ?? iso(logical))));
    if (ups.some((up) => up.state === 'failed' || up.state === 'upstream_failed')) {
      Object.assign(instance, { state: 'upstream_failed', endDate: iso(ready), scheduledAt: iso(ready) });
      continue;
    }
    if ((ups.length > 0 && ups.every((up) => up.state === 'skipped')) || random() < 0.01) {
      Object.assign(instance, { state: 'skipped', endDate: iso(ready), scheduledAt: iso(ready) });
      continue;
    }
    let at = ready;
    const tries = index === failsAt ? 3 : random() < 0.05 ? 2 : 1;
    for (let number = 1; number <= tries; number += 1) {
      const wait = 20 + random() * 300;
      const work = each.work * (0.7 + random() * 0.6);
      const state = number < tries || index === failsAt ? 'failed' : 'success';
      attempt(run, instance, {
        tryNumber: number,
        state,
        queuedAt: iso(at),
        startDate: iso(at + wait),
        endDate: iso(at + wait + work),
      });
      at += wait + work + (number < tries ? each.retryDelayMs * 0.3 : 0);
    }
    const final = run.attempts.at(-1);
    Object.assign(instance, {
      state: final.state,
      tryNumber: tries,
      scheduledAt: iso(ready),
      queuedAt: final.queuedAt,
      startDate: final.startDate,
      endDate: final.endDate,
      attemptId: final.attemptId,
      reason:
        final.state === 'failed'
          ? 'All 3 tries failed: ConnectionError: warehouse refused the connection.'
          : null,
    });
    last = Math.max(last, at);
  }
  if (outcome === 'success' || outcome === 'failed') run.endDate = iso(last);
  runs.set(`${dag.dagId}/${runId}`, run);
  return run;
}

function attempt(run, instance, over) {
  const number = over.tryNumber;
  const made = {
    attemptId: String(nextAttempt++),
    taskId: instance.taskId,
    mapPath: '',
    infraNumber: 0,
    version: run.version,
    runnerId: 'r-07',
    host: 'worker-1',
    pid: 4_000 + Math.floor(random() * 900),
    rendered: {
      sql: `select * from weather where day = '${run.logicalDate.slice(0, 10)}'`,
      env: { TZ: 'Asia/Tokyo' },
    },
    error:
      over.state === 'failed'
        ? {
            name: 'ConnectionError',
            message: 'warehouse refused the connection',
            stack: `ConnectionError: warehouse refused the connection\n    at connect (dags/seattle_weather.ts:41:13)\n    at load (dags/seattle_weather.ts:62:20)`,
          }
        : null,
    ...over,
    tryNumber: number,
  };
  run.attempts.push(made);
  return made;
}

function seedAll() {
  defineDag(
    'seattle_weather',
    {
      description: 'Daily weather of Seattle, from the raw file to three aggregates',
      tags: ['example', 'weather'],
      paramsSchema: {
        type: 'object',
        required: ['station'],
        properties: {
          station: { type: 'string', description: 'Station code', default: 'SEA' },
          year: { type: 'integer', minimum: 2012, maximum: 2015, default: 2015 },
          mode: { type: 'string', enum: ['full', 'incremental'], default: 'incremental' },
          dry: { type: 'boolean', default: false, description: 'Read only' },
        },
      },
      paramsDefaults: { station: 'SEA', year: 2015, mode: 'incremental', dry: false },
    },
    [
      task('extract', [], { operator: 'BashOperator', work: 1_400 }),
      task('load', ['extract'], { work: 2_600 }),
      task('aggregates.precipitation', ['load'], { operator: 'DuckDbOperator', work: 5_200 }),
      task('aggregates.temperature', ['load'], { operator: 'DuckDbOperator', work: 3_100 }),
      task('aggregates.wind', ['load'], { operator: 'DuckDbOperator', work: 2_100 }),
      task('check', ['aggregates.precipitation', 'aggregates.temperature', 'aggregates.wind'], { work: 800 }),
      task('publish', ['check'], { operator: 'GCSUploadOperator', work: 1_600 }),
      task('notify', ['publish'], { triggerRule: 'all_done', operator: 'SlackOperator', work: 300 }),
    ],
  );
  const wide = ['orders', 'customers', 'products', 'refunds', 'sessions', 'inventory'];
  defineDag(
    'sales_etl',
    {
      tags: ['sales', 'finance'],
      owner: 'finance',
      schedule: 'every hour at :15',
      everyMs: HOUR,
      failRate: 0.12,
    },
    [
      task('start', [], { operator: 'EmptyOperator', work: 10 }),
      ...wide.flatMap((name) => [
        task(`sources.${name}.extract`, ['start'], { work: 900 + random() * 3_000 }),
        task(`sources.${name}.validate`, [`sources.${name}.extract`], { work: 300 }),
        task(`sources.${name}.load`, [`sources.${name}.validate`], {
          operator: 'BigQueryInsertJobOperator',
          work: 2_500 + random() * 3_000,
        }),
      ]),
      task('marts.revenue', ['sources.orders.load', 'sources.refunds.load', 'sources.customers.load'], {
        operator: 'BigQueryInsertJobOperator',
        work: 7_000,
      }),
      task('marts.funnel', ['sources.sessions.load', 'sources.orders.load'], {
        operator: 'BigQueryInsertJobOperator',
        work: 5_000,
      }),
      task('marts.stock', ['sources.inventory.load', 'sources.products.load'], {
        operator: 'BigQueryInsertJobOperator',
        work: 3_000,
      }),
      task('report', ['marts.revenue', 'marts.funnel', 'marts.stock'], { work: 1_000 }),
    ],
  );
  for (const [dagId, tags, schedule, everyMs, isPaused] of [
    ['billing_export', ['finance'], '02:30 every day (UTC)', DAY, false],
    ['churn_features', ['ml'], 'every 6 hours', 6 * HOUR, false],
    ['clickstream_hourly', ['events'], 'every hour at :05', HOUR, false],
    ['crm_sync', ['sales'], 'every 30 minutes', 30 * MINUTE, false],
    ['fx_rates', ['finance'], '06:00 every day (Europe/Berlin)', DAY, false],
    ['image_thumbnails', ['media'], 'none', null, false],
    ['inventory_snapshot', ['ops'], 'every 2 hours', 2 * HOUR, false],
    ['legacy_import', ['ops'], '00:00 every day (UTC)', DAY, true],
    ['ml_training', ['ml'], '01:00 every Sunday (UTC)', 7 * DAY, false],
    ['quality_checks', ['ops'], 'every 4 hours', 4 * HOUR, false],
    ['search_index', ['search'], 'every hour at :40', HOUR, false],
    ['vendor_feeds', ['ops'], '05:00 every day (UTC)', DAY, false],
    ['warehouse_vacuum', ['ops'], '04:00 every Saturday (UTC)', 7 * DAY, true],
  ]) {
    const count = 4 + Math.floor(random() * 9);
    const list = [];
    for (let i = 0; i < count; i += 1)
      list.push(
        task(`step_${i + 1}`, i === 0 ? [] : [`step_${1 + Math.floor(random() * i)}`], {
          work: 2_000 + random() * 120_000,
        }),
      );
    defineDag(
      dagId,
      {
        tags,
        schedule,
        everyMs: everyMs ?? DAY,
        noSchedule: everyMs === null,
        isPaused,
        timezone: 'UTC',
        owner: pick(['data', 'ops', 'ml']),
      },
      list,
    );
  }
  const many = (count, groups) => {
    const list = [];
    for (let i = 0; i < count; i += 1) {
      const id = `g${String(i % groups).padStart(3, '0')}.task_${String(i).padStart(4, '0')}`;
      list.push(task(id, i < groups ? [] : [list[i - groups].taskId], { work: 500 }));
    }
    return list.sort((a, b) => a.taskId.localeCompare(b.taskId));
  };
  defineDag(
    'big_5000',
    { tags: ['benchmark'], schedule: 'none', noSchedule: true, failRate: 0.04 },
    many(5_000, 50),
  );
  defineDag('graph_1000', { tags: ['benchmark'], schedule: 'none', noSchedule: true }, many(1_000, 20));

  const now = started;
  for (const dag of dags.values()) {
    const count = dag.dagId === 'graph_1000' ? 2 : 25;
    const first = Math.floor(now / dag.everyMs) * dag.everyMs - (now % HOUR > 15 * MINUTE ? 0 : HOUR);
    const step = dag.everyMs;
    for (let i = count; i >= 1; i -= 1) {
      const at = first - i * step + step;
      if (at > now - MINUTE) continue;
      addRun(
        dag,
        at,
        random() < dag.failRate ? 'failed' : 'success',
        dag.noSchedule ? 'manual' : 'scheduled',
      );
    }
  }
  addRun(dags.get('crm_sync'), now - 4 * MINUTE, 'failed');
  simulated = addRun(dags.get('seattle_weather'), now - 9_000, 'running', 'manual');
  startRun(simulated, now - 9_000);
  const sales = addRun(dags.get('sales_etl'), now - 20_000, 'running');
  startRun(sales, now - 20_000);
  addRun(dags.get('ml_training'), now - 5_000, 'queued', 'manual');

  for (const [key, value, schema, description] of [
    [
      'parallelism',
      32,
      { type: 'integer', min: 0, max: 100_000, default: 16 },
      'Task instances that may run at once, over all DAGs. 0 pauses.',
    ],
    [
      'dag_file_interval_ms',
      2_000,
      { type: 'integer', min: 100, max: 600_000, default: 2_000 },
      'How often the DAG folder is looked at.',
    ],
    [
      'history_days',
      400,
      { type: 'integer', min: 1, max: 36_500, default: 400 },
      'How long finished runs are kept.',
    ],
    ['warehouse', { project: 'acme', dataset: 'weather' }, undefined, 'Target of the loads'],
    ['slack_channel', '#data-alerts', undefined, null],
    ['vendor_token', null, undefined, 'Feed of the vendor'],
  ])
    variables.set(key, {
      key,
      value,
      description,
      isSecret: key === 'vendor_token',
      updatedAt: iso(now - random() * 9 * DAY),
      updatedBy: 'mika',
      ...(schema ? { schema } : {}),
      history: [
        { at: iso(now - 9 * DAY), actor: 'system', from: null, to: schema?.default ?? value },
        { at: iso(now - 2 * DAY), actor: 'mika', from: schema?.default ?? null, to: value },
      ],
    });
  backfills = [
    {
      key: 2,
      dagId: 'seattle_weather',
      fromDate: '2015-01-01T00:00:00.000Z',
      toDate: '2015-12-31T00:00:00.000Z',
      options: { reprocess: 'none', maxActiveRuns: 3, reverse: false },
      state: 'running',
      actor: 'mika',
      createdAt: iso(now - 12 * MINUTE),
      endDate: null,
      total: 365,
      created: 214,
      existing: 9,
      inFlight: 0,
      cleared: 0,
      succeeded: 207,
      failed: 4,
      running: 3,
    },
    {
      key: 1,
      dagId: 'fx_rates',
      fromDate: '2026-10-01T00:00:00.000Z',
      toDate: '2026-10-31T00:00:00.000Z',
      options: { reprocess: 'failed', maxActiveRuns: 8, reverse: true },
      state: 'completed',
      actor: 'jun',
      createdAt: iso(now - 3 * DAY),
      endDate: iso(now - 3 * DAY + HOUR),
      total: 31,
      created: 31,
      existing: 0,
      inFlight: 0,
      cleared: 2,
      succeeded: 31,
      failed: 0,
      running: 0,
    },
  ];
  importErrors = [
    {
      file: 'marketing/attribution.ts',
      kind: 'syntax',
      message: 'Expected ")" but found "schedule"',
      line: 18,
      column: 3,
      codeFrame:
        "  16 | export default new DAG('attribution', {\n  17 |   startDate: '2026-01-01'\n> 18 |   schedule: '@daily',\n     |   ^\n  19 | });",
      since: iso(now - 14 * MINUTE),
      seenAt: iso(now - 2_000),
      lastGoodVersion: '9ab31c07d2ee',
      lastGood: [{ dagId: 'attribution', version: '9ab31c07d2ee', number: 4 }],
    },
  ];
}

// ---------------------------------------------------------------- a scheduler of sorts

let simulated;

function startRun(run, at) {
  run.state = 'running';
  run.startDate ??= iso(at);
  run.sim = at;
}

function emit(type, run, instance, from, to) {
  cursor += 1;
  events.push({
    id: cursor,
    at: iso(Date.now()),
    type,
    dagId: run?.dagId ?? null,
    runId: run?.runId ?? null,
    runKey: null,
    taskId: instance?.taskId ?? null,
    mapPath: '',
    fromState: from,
    toState: to,
    actor: null,
    data: null,
  });
  pending.push(events.at(-1));
}

let pending = [];
setInterval(() => {
  if (pending.length === 0) return;
  const body = `id: ${cursor}\nevent: changes\ndata: ${JSON.stringify({ cursor, events: pending })}\n\n`;
  pending = [];
  for (const client of clients) client.write(body);
}, 200);
setInterval(() => {
  for (const client of clients) client.write(': keep-alive\n\n');
}, 15_000);

function move(run, instance, to, at = Date.now()) {
  const from = instance.state;
  instance.state = to;
  if (to === 'queued') {
    instance.scheduledAt = iso(at);
    instance.queuedAt = iso(at);
    instance.startDate = null;
    instance.endDate = null;
    instance.tryNumber += 1;
    instance.attemptId = attempt(run, instance, {
      tryNumber: instance.tryNumber,
      state: 'queued',
      queuedAt: iso(at),
      startDate: null,
      endDate: null,
    }).attemptId;
  } else {
    const current = run.attempts.findLast((each) => each.attemptId === instance.attemptId);
    if (to === 'running') {
      instance.startDate = iso(at);
      if (current) Object.assign(current, { state: 'running', startDate: iso(at) });
    } else if (current && !['scheduled', 'none'].includes(to)) {
      instance.endDate = iso(at);
      const state = to === 'up_for_retry' ? 'failed' : to;
      if (current.endDate === null)
        Object.assign(current, {
          state,
          endDate: iso(at),
          error:
            state === 'failed'
              ? { name: 'ConnectionError', message: 'warehouse refused the connection', stack: null }
              : null,
        });
    } else if (to === 'none') {
      Object.assign(instance, { startDate: null, endDate: null, queuedAt: null, reason: null });
    } else instance.endDate = iso(at);
  }
  emit('task_state', run, instance, from, to);
}

function tick() {
  const now = Date.now();
  for (const run of runs.values()) {
    if (run.state !== 'running') continue;
    const dag = dags.get(run.dagId);
    let open = 0;
    for (const each of dag.tasks) {
      const instance = run.tasks.get(each.taskId);
      const ups = each.upstream.map((id) => run.tasks.get(id).state);
      if (instance.state === 'none' || instance.state === 'scheduled') {
        if (
          ups.some((state) => state === 'failed' || state === 'upstream_failed') &&
          each.triggerRule === 'all_success'
        )
          move(run, instance, 'upstream_failed');
        else if (ups.every((state) => ['success', 'skipped', 'failed', 'upstream_failed'].includes(state)))
          move(run, instance, 'queued');
      } else if (instance.state === 'queued' && now - Date.parse(instance.queuedAt) > 700)
        move(run, instance, 'running');
      else if (instance.state === 'running' && now - Date.parse(instance.startDate) > each.work * 3) {
        const flaky = each.taskId.endsWith('temperature') || each.taskId.endsWith('refunds.load');
        if (flaky && instance.tryNumber < 2) {
          move(run, instance, 'up_for_retry');
          instance.nextAt = iso(now + 8_000);
        } else move(run, instance, 'success');
      } else if (instance.state === 'up_for_retry' && now > Date.parse(instance.nextAt ?? iso(now)))
        move(run, instance, 'queued');
      if (!['success', 'failed', 'skipped', 'upstream_failed'].includes(instance.state)) open += 1;
    }
    if (open === 0) {
      run.state = [...run.tasks.values()].some((each) => each.state === 'failed') ? 'failed' : 'success';
      run.endDate = iso(now);
      emit('run_state', run, null, 'running', run.state);
      if (run === simulated && !process.argv.includes('--once')) {
        simulated = addRun(dags.get('seattle_weather'), now, 'running', 'manual');
        startRun(simulated, now);
        emit('run_created', simulated, null, null, 'running');
      }
    }
  }
  for (const backfill of backfills)
    if (backfill.state === 'running' && backfill.succeeded < backfill.total - 10) {
      backfill.succeeded += 1;
      backfill.created += 1;
    }
}

// ---------------------------------------------------------------- answers

const bar = ({ runId, state, runType, logicalDate, startDate, endDate }) => ({
  runId,
  state,
  runType,
  logicalDate,
  startDate,
  endDate,
});
const runsOf = (dagId) =>
  [...runs.values()]
    .filter((run) => run.dagId === dagId)
    .sort((a, b) => Date.parse(a.logicalDate) - Date.parse(b.logicalDate));
const page = (items) => ({ items, nextCursor: null, total: items.length });

function dagJson(dag) {
  const next = dag.noSchedule || dag.isPaused ? null : Math.ceil(Date.now() / dag.everyMs) * dag.everyMs;
  const {
    tasks: _t,
    groups: _g,
    everyMs: _e,
    failRate: _f,
    paramsSchema: _p,
    paramsDefaults: _d,
    ...rest
  } = dag;
  return {
    ...rest,
    nextRun: next && { logicalDate: iso(next), runAfter: iso(next) },
    lastRuns: runsOf(dag.dagId).slice(-14).map(bar),
  };
}

function serialized(dag) {
  return {
    format: 1,
    dagId: dag.dagId,
    description: dag.description,
    doc: dag.doc ?? null,
    tags: dag.tags,
    owner: dag.owner,
    timezone: dag.timezone,
    schedule: dag.schedule,
    startDate: '2015-01-01T00:00:00.000Z',
    endDate: null,
    catchup: false,
    maxActiveRuns: 16,
    maxActiveTasks: 16,
    dagRunTimeoutMs: null,
    failFast: false,
    paramsSchema: dag.paramsSchema,
    paramsDefaults: dag.paramsDefaults,
    tasks: dag.tasks,
    groups: dag.groups,
  };
}

function runJson(run) {
  const { tasks, attempts: _a, sim: _s, ...rest } = run;
  const taskCounts = {};
  for (const each of tasks.values()) taskCounts[each.state] = (taskCounts[each.state] ?? 0) + 1;
  return { ...rest, taskCounts };
}

function logLines(instance, made) {
  const at = Date.parse(made.startDate ?? made.queuedAt);
  const lines = [
    [
      0,
      'info',
      'tsflow',
      `Try ${made.tryNumber} of ${instance.maxTries + 1} on worker-1, runner r-07, version ${made.version}`,
    ],
    [4, 'debug', 'tsflow', 'Bundle was warm; loaded in 3.1 ms'],
    [12, 'info', 'task', `reading partition ${instance.runId.slice(-24, -14)}`],
  ];
  const elapsed = (made.endDate ? Date.parse(made.endDate) : Date.now()) - at;
  for (let i = 0; i < Math.min(4_000, elapsed / 12); i += 1)
    lines.push([
      20 + i * 12,
      i % 37 === 36 ? 'warn' : i % 11 === 5 ? 'debug' : 'info',
      i % 5 ? 'stdout' : 'task',
      `batch ${i + 1}: ${61 + (i % 7)} rows of station SEA in ${(3 + (i % 9) * 0.7).toFixed(1)} ms${i % 97 === 50 ? ' – the rest of this line is long on purpose, to see how wrapping and horizontal scrolling behave when a task prints a whole SQL statement: select day, max(temp_max) as high, min(temp_min) as low, avg(wind) as wind from weather group by day order by day' : ''}`,
    ]);
  if (made.state === 'failed')
    lines.push(
      [elapsed - 2, 'error', 'task', 'ConnectionError: warehouse refused the connection'],
      [elapsed - 1, 'error', 'stderr', '    at connect (dags/seattle_weather.ts:41:13)'],
      [elapsed - 1, 'error', 'stderr', '    at load (dags/seattle_weather.ts:62:20)'],
    );
  if (made.endDate) lines.push([elapsed, 'info', 'tsflow', `Ended: ${made.state}`]);
  return lines.map(([ms, level, source, message]) => ({ at: iso(at + ms), level, source, message }));
}

function selection(run, body) {
  const dag = dags.get(run.dagId);
  const wanted = new Set(body.taskIds?.length ? body.taskIds : dag.tasks.map((each) => each.taskId));
  const spread = (side) => {
    const queue = [...wanted];
    for (let at = queue.shift(); at !== undefined; at = queue.shift())
      for (const next of dag.tasks.find((each) => each.taskId === at)[side])
        if (!wanted.has(next)) {
          wanted.add(next);
          queue.push(next);
        }
  };
  if (body.downstream) spread('downstream');
  if (body.upstream) spread('upstream');
  return [...run.tasks.values()].filter(
    (each) =>
      wanted.has(each.taskId) && (!body.onlyFailed || ['failed', 'upstream_failed'].includes(each.state)),
  );
}

function refuse(status, code, message) {
  return { status, body: { error: { code, message, requestId: Math.random().toString(36).slice(2, 10) } } };
}

async function api(method, path, query, body, response) {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const [a, b, c, d, e, f, g, h, i] = parts;
  const key = `${method} ${a}`;
  if (path === '/auth/me') return { user: { name: 'mika', role: 'Admin' } };
  if (path === '/auth/login')
    return body.password === 'wrong'
      ? refuse(401, 'bad_credentials', 'Name or password is wrong.')
      : { user: { name: body.name, role: 'Admin' } };
  if (path === '/auth/logout') return {};
  if (path === '/info')
    return {
      version: '0.1.0',
      schedulers: [
        {
          id: 1,
          host: 'host-1',
          pid: 71,
          beatAgeMs: 200 + ((Date.now() / 7) % 900),
          lastTurnMs: 3,
          dags: dags.size,
        },
      ],
      dagsFolder: '/srv/etl/dags',
      database: 'sqlite',
      parallelism: {
        limit: Number(variables.get('parallelism')?.value ?? 16),
        used: [...runs.values()].reduce(
          (sum, run) =>
            sum +
            (run.state === 'running'
              ? [...run.tasks.values()].filter((each) => each.state === 'running').length
              : 0),
          0,
        ),
      },
      now: iso(Date.now()),
    };
  if (path === '/live') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`event: hello\ndata: ${JSON.stringify({ cursor })}\n\n`);
    const since = Number(query.get('cursor') ?? Number.NaN);
    const missed = events.filter((each) => each.id > since);
    if (missed.length)
      response.write(
        `id: ${cursor}\nevent: changes\ndata: ${JSON.stringify({ cursor, events: missed })}\n\n`,
      );
    clients.add(response);
    response.on('close', () => clients.delete(response));
    return null;
  }
  if (path === '/import-errors') return page(importErrors);
  if (path === '/timeline') {
    const [from, to] = [Date.parse(query.get('from')), Date.parse(query.get('to'))];
    return {
      dags: [...dags.values()]
        .filter((dag) => dag.tasks.length < 1_000)
        .map((dag) => {
          const planned = [];
          if (!dag.noSchedule && !dag.isPaused)
            for (
              let at = Math.ceil(Date.now() / dag.everyMs) * dag.everyMs;
              at <= to && planned.length < 20;
              at += dag.everyMs
            )
              planned.push(iso(at));
          return {
            dagId: dag.dagId,
            planned,
            runs: runsOf(dag.dagId)
              .filter(
                (run) =>
                  (run.endDate === null || Date.parse(run.endDate) >= from) &&
                  Date.parse(run.logicalDate) <= to,
              )
              .map(bar),
          };
        }),
      slots: { limit: 32, used: 7 },
    };
  }
  if (key === 'GET variables')
    return c === 'history'
      ? page(variables.get(b).history)
      : page([...variables.values()].map(({ history: _h, ...rest }) => rest));
  if (key === 'PUT variables') {
    const old = variables.get(b);
    const schema = old?.schema;
    if (schema && (!Number.isInteger(body.value) || body.value < schema.min || body.value > schema.max))
      return refuse(
        400,
        'invalid_variable',
        `Variable ${b} must be an integer from ${schema.min} to ${schema.max}; got ${JSON.stringify(body.value)}.`,
      );
    variables.set(b, {
      key: b,
      description: null,
      isSecret: false,
      ...old,
      ...body,
      updatedAt: iso(Date.now()),
      updatedBy: 'mika',
      history: [
        ...(old?.history ?? []),
        { at: iso(Date.now()), actor: 'mika', from: old?.value ?? null, to: body.value },
      ],
    });
    emit('variable_changed', null, null, null, null);
    return variables.get(b);
  }
  if (key === 'DELETE variables') {
    variables.delete(b);
    return {};
  }
  if (key === 'GET backfills')
    return page(backfills.filter((each) => !query.get('dagId') || each.dagId === query.get('dagId')));
  if (key === 'POST backfills') {
    const found = backfills.find((each) => each.key === Number(b));
    found.state = { pause: 'paused', resume: 'running', cancel: 'cancelled' }[c];
    return found;
  }
  if (key === 'GET runs') {
    let list = [...runs.values()].sort((x, y) => Date.parse(y.queuedAt) - Date.parse(x.queuedAt));
    for (const name of ['dagId', 'state', 'runType'])
      if (query.get(name)) list = list.filter((run) => run[name] === query.get(name));
    return { ...page(list.slice(0, Number(query.get('limit') ?? 50)).map(runJson)), total: list.length };
  }
  if (a !== 'dags') return refuse(404, 'not_found', `No route ${path}.`);
  if (!b) {
    let list = [...dags.values()].map(dagJson);
    const search = query.get('search')?.toLowerCase();
    if (search) list = list.filter((dag) => dag.dagId.includes(search));
    if (query.get('tag')) list = list.filter((dag) => dag.tags.includes(query.get('tag')));
    if (query.get('owner')) list = list.filter((dag) => dag.owner === query.get('owner'));
    if (query.get('paused')) list = list.filter((dag) => String(dag.isPaused) === query.get('paused'));
    if (query.get('state')) list = list.filter((dag) => dag.lastRuns.at(-1)?.state === query.get('state'));
    list.sort((x, y) => x.dagId.localeCompare(y.dagId));
    return page(list);
  }
  const dag = dags.get(b);
  if (!dag) return refuse(404, 'dag_not_found', `There is no DAG ${b}.`);
  if (!c) {
    if (method === 'PATCH') {
      dag.isPaused = body.isPaused;
      emit(body.isPaused ? 'dag_paused' : 'dag_unpaused', { dagId: b }, null, null, null);
    }
    return { ...dagJson(dag), serialized: serialized(dag), doc: dag.doc ?? null };
  }
  if (c === 'versions') {
    const detail = { version: dag.version, number: dag.versionNumber, createdAt: iso(started - 3 * DAY) };
    if (!d)
      return page([
        detail,
        { version: 'a1b2c3d4e5f6', number: dag.versionNumber - 1, createdAt: iso(started - 9 * DAY) },
      ]);
    return {
      ...detail,
      serialized: serialized(dag),
      files: [{ path: dag.file, content: readFileSync(new URL(import.meta.url), 'utf8').slice(0, 5_000) }],
    };
  }
  if (c === 'grid') {
    const list = runsOf(b).slice(-Number(query.get('limit') ?? 25));
    return {
      version: dag.version,
      groups: dag.groups,
      runs: list.map(bar),
      tasks: dag.tasks.map((each) => ({
        taskId: each.taskId,
        groupId: each.groupId,
        label: each.taskId.split('.').at(-1),
        operator: each.operator,
        isMapped: false,
      })),
      cells: Object.fromEntries(
        list.map((run) => [
          run.runId,
          Object.fromEntries(
            [...run.tasks.values()].map(({ taskId, state, tryNumber, startDate, endDate }) => [
              taskId,
              { state, tryNumber, startDate, endDate },
            ]),
          ),
        ]),
      ),
    };
  }
  if (c === 'backfills') {
    const days = Math.round((Date.parse(body.end) - Date.parse(body.start)) / DAY) + 1;
    if (!(days > 0)) return refuse(400, 'invalid_range', 'The end of the range lies before its start.');
    if (body.dryRun)
      return {
        total: days,
        existing: 3,
        inFlight: 1,
        toCreate: days - 4,
        first: iso(Date.parse(body.start)),
        last: iso(Date.parse(body.end)),
      };
    backfills.unshift({
      key: backfills.length + 1,
      dagId: b,
      fromDate: iso(Date.parse(body.start)),
      toDate: iso(Date.parse(body.end)),
      options: body,
      state: 'running',
      actor: 'mika',
      createdAt: iso(Date.now()),
      endDate: null,
      total: days,
      created: 0,
      existing: 3,
      inFlight: 1,
      cleared: 0,
      succeeded: 0,
      failed: 0,
      running: 0,
    });
    return backfills[0];
  }
  if (c === 'runs' && !d) {
    if (method !== 'POST') return page(runsOf(b).reverse().map(runJson));
    const run = addRun(dag, Date.now(), 'running', 'manual');
    startRun(run, Date.now());
    run.conf = body.conf ?? {};
    emit('run_created', run, null, null, 'running');
    return { status: 201, body: runJson(run) };
  }
  const run = runs.get(`${b}/${d}`);
  if (!run) return refuse(404, 'run_not_found', `DAG ${b} has no run ${d}.`);
  if (!e) {
    if (method === 'PATCH') Object.assign(run, body);
    return runJson(run);
  }
  if (e === 'gantt')
    return page(
      run.attempts.map(({ taskId, mapPath, attemptId, tryNumber, state, queuedAt, startDate, endDate }) => ({
        taskId,
        mapPath,
        attemptId,
        tryNumber,
        state,
        queuedAt,
        startDate,
        endDate,
        scheduledAt: run.tasks.get(taskId).scheduledAt,
      })),
    );
  if (e === 'why')
    return page([
      { name: 'dag is not paused', passed: !dag.isPaused, reason: 'The DAG runs.' },
      { name: 'max active runs', passed: true, reason: '2 of 16 runs are active.' },
    ]);
  if (e === 'events') return page(events.filter((each) => each.runId === d).toReversed());
  if (e === 'clear' || e === 'mark') {
    const chosen = selection(run, body);
    const plan = {
      version: dag.version,
      versionNumber: dag.versionNumber,
      tasks: chosen.map(({ runId, taskId, mapPath, state }) => ({ runId, taskId, mapPath, state })),
    };
    if (!body.dryRun) {
      for (const each of chosen) move(run, each, e === 'clear' ? 'none' : body.state);
      if (e === 'clear') {
        run.endDate = null;
        run.state = 'running';
        emit('run_state', run, null, 'success', 'running');
      }
    }
    return plan;
  }
  if (e === 'kill') {
    for (const each of run.tasks.values())
      if (['running', 'queued'].includes(each.state) && (!body.taskIds || body.taskIds.includes(each.taskId)))
        move(run, each, 'failed');
    return {};
  }
  if (!f) return page([...run.tasks.values()]);
  const instance = run.tasks.get(f);
  if (!instance) return refuse(404, 'task_not_found', `Run ${d} has no task ${f}.`);
  const attempts = run.attempts.filter((each) => each.taskId === f);
  if (!g) return { ...instance, attempts };
  if (g === 'xcom')
    return page([
      { key: 'return_value', value: { rows: 61, high: 12.8, low: -1.1 } },
      { key: 'url', value: 'gs://acme/weather/2015-12-31.parquet' },
    ]);
  if (g === 'why') {
    const ups = dag.tasks.find((each) => each.taskId === f).upstream;
    return page([
      { name: 'run is running', passed: run.state === 'running', reason: `The run is ${run.state}.` },
      {
        name: 'upstream',
        passed: ups.every((id) => run.tasks.get(id).state === 'success'),
        reason: ups.length
          ? ups.map((id) => `${id} is ${run.tasks.get(id).state}`).join(', ')
          : 'There is no upstream task.',
      },
      { name: 'parallelism', passed: true, reason: '7 of 32 slots are used.' },
      { name: 'pool', passed: true, reason: 'default_pool: 7 of 128 slots are used.' },
      {
        name: 'retry delay',
        passed: instance.state !== 'up_for_retry',
        reason: instance.nextAt ? `Due at ${instance.nextAt}.` : 'Nothing to wait for.',
      },
    ]);
  }
  const made = attempts.find((each) => each.attemptId === h);
  if (!made) return refuse(404, 'attempt_not_found', `There is no attempt ${h}.`);
  const lines = logLines(instance, made);
  if (i === 'log.txt') {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(lines.map((line) => `${line.at} ${line.level} ${line.message}`).join('\n'));
    return null;
  }
  if (parts[9] === 'stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    let sent = Number(query.get('offset') ?? 0);
    const timer = setInterval(() => {
      const all = logLines(instance, made);
      if (all.length > sent)
        response.write(
          `event: lines\ndata: ${JSON.stringify({ lines: all.slice(sent), nextOffset: all.length })}\n\n`,
        );
      sent = all.length;
      if (made.endDate) {
        response.write('event: end\ndata: {}\n\n');
        clearInterval(timer);
        response.end();
      }
    }, 250);
    response.on('close', () => clearInterval(timer));
    return null;
  }
  const offset = Number(query.get('offset') ?? 0);
  return {
    lines: lines.slice(offset, offset + 2_000),
    nextOffset: Math.min(lines.length, offset + 2_000),
    done: made.endDate !== null && offset + 2_000 >= lines.length,
  };
}

// ---------------------------------------------------------------- serving

const TYPES = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
  '.map': 'application/json',
};

if (!isEmpty) seedAll();
setInterval(tick, 250);

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://fixture');
  if (base && !url.pathname.startsWith(base)) return response.writeHead(404).end();
  const path = url.pathname.slice(base.length) || '/';
  if (path.startsWith('/api/v1')) {
    let text = '';
    for await (const chunk of request) text += chunk;
    let result;
    try {
      result = await api(
        request.method,
        path.slice(7),
        url.searchParams,
        text ? JSON.parse(text) : {},
        response,
      );
    } catch (error) {
      console.error(error);
      result = refuse(500, 'internal', String(error));
    }
    if (result === null) return;
    const { status = 200, body = result } = typeof result.status === 'number' && result.body ? result : {};
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return;
  }
  const file = join(dist, path);
  if (path !== '/' && extname(path) && existsSync(file)) {
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
    return;
  }
  const nonce = Math.random().toString(36).slice(2);
  response.writeHead(200, {
    'content-type': TYPES['.html'],
    'content-security-policy': `default-src 'self'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data: blob:; worker-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'`,
  });
  response.end(
    readFileSync(join(dist, 'index.html'), 'utf8')
      .replaceAll('__BASE_PATH__', base)
      .replaceAll('__CSP_NONCE__', nonce),
  );
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}${base}/`));
