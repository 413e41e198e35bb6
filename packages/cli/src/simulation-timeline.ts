import type { SimulatedRun } from '@tsflow/core/rules';
import type { SimulatedProject } from './compose/simulated-project.ts';
import { runsByDag } from './simulation-report.ts';

const WIDTH = 1_200;
const LABELS = 190;
const STRIP = 84;
const TOP = 44;
const ROW = 14;
/** What lies closer together than this is one mark: a month of hourly runs stays a small file. */
const GRAIN = 0.4;

/**
 * A picture of a simulation that stands for itself: the slots in use as a strip, below it a line for each DAG with its runs, the time
 * they waited, and deadlines that were missed. Colours are those of the states in the browser.
 */
export function simulationTimeline(project: SimulatedProject): string {
  const { simulation, dags, start, end } = project;
  const last = simulation.runs.reduce((max, run) => Math.max(max, run.endDate), end);
  const x = (at: number) => LABELS + ((at - start) / Math.max(1, last - start)) * (WIDTH - LABELS - 16);
  const byDag = runsByDag(simulation.runs);
  const rows = TOP + STRIP + 18;
  const height = rows + dags.length * ROW + 34;
  const body = [
    `<text class="title" x="16" y="24">${escaped(title(project))}</text>`,
    ...axis(start, last, x, TOP, height - 26),
    slotStrip(project, x),
    ...dags.map(({ graph }, i) =>
      dagRow(graph.dag.dagId, byDag.get(graph.dag.dagId) ?? [], rows + i * ROW, x),
    ),
    legend(height - 10),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title(project))}">
<style>${STYLE}</style>
<rect class="paper" width="100%" height="100%"/>
${body.join('\n')}
</svg>
`;
}

const STYLE = `
svg { --paper: #fff; --ink: #1d2430; --quiet: #717b8a; --line: #e3e6ea; --success: #46a880; --queued: #717b8a; --failed: #b3122b; --running: #1d5fc4; }
@media (prefers-color-scheme: dark) { svg { --paper: #10141a; --ink: #e6e9ee; --quiet: #a3adbf; --line: #2a313b; --success: #5fe0a0; --queued: #a3adbf; --failed: #e0454f; --running: #4a8dec; } }
text { font: 10px ui-sans-serif, system-ui, sans-serif; fill: var(--ink); }
.title { font-size: 14px; font-weight: 600; }
.quiet { fill: var(--quiet); }
.paper { fill: var(--paper); }
.grid { stroke: var(--line); }
.slots { fill: var(--running); opacity: .55; }
.waiting { fill: var(--queued); opacity: .35; }
.limit { stroke: var(--failed); stroke-dasharray: 4 3; fill: none; }
.run { fill: var(--success); }
.wait { fill: var(--queued); opacity: .6; }
.missed { fill: var(--failed); }
`;

function title({ dags, simulation, start, end }: SimulatedProject): string {
  const day = (at: number) => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  return `${dags.length} DAGs, ${simulation.runs.length} runs, ${day(start)} to ${day(end)} UTC`;
}

function axis(start: number, end: number, x: (at: number) => number, top: number, bottom: number): string[] {
  const step = STEPS.find((ms) => (end - start) / ms <= 14) ?? STEPS.at(-1)!;
  const marks: string[] = [];
  for (let at = Math.ceil(start / step) * step; at <= end; at += step) {
    const label = new Date(at).toISOString();
    const text = step >= 86_400_000 ? label.slice(5, 10) : `${label.slice(5, 10)} ${label.slice(11, 16)}`;
    const fits = x(at) < WIDTH - 60;
    const words = `<text class="quiet" x="${near(x(at) + 2)}" y="${top - 3}">${text}</text>`;
    marks.push(`<path class="grid" d="M${near(x(at))} ${top}V${bottom}"/>${fits ? words : ''}`);
  }
  return marks;
}

const STEPS = [
  600_000,
  3_600_000,
  6 * 3_600_000,
  86_400_000,
  2 * 86_400_000,
  7 * 86_400_000,
  30 * 86_400_000,
];

/** Slots in use, those that were wanted on top of them, and the limit. */
function slotStrip({ simulation, limits, start }: SimulatedProject, x: (at: number) => number): string {
  const { slots } = simulation;
  const peak = slots.reduce(
    (max, { at, used, waiting }) => Math.max(max, used + waiting, limits.parallelism(at)),
    1,
  );
  const y = (count: number) => TOP + STRIP - (count / peak) * STRIP;
  const used = stepped(
    slots.map(({ at, used: count }) => [x(at), count]),
    y,
  );
  const wanted = stepped(
    slots.map(({ at, used: count, waiting }) => [x(at), count + waiting]),
    y,
  );
  const limit = limits.parallelism(start);
  return `<path class="waiting" d="${wanted}"/><path class="slots" d="${used}"/><path class="limit" d="M${LABELS} ${near(y(limit))}H${WIDTH - 16}"/>
<text x="16" y="${TOP + 12}">slots in use</text><text class="quiet" x="16" y="${TOP + 26}">limit ${limit}, waiting on top</text>`;
}

/** An area of steps. Steps within one grain become one, as high as the highest of them. */
function stepped(points: readonly (readonly [number, number])[], y: (count: number) => number): string {
  const merged: [number, number][] = [];
  for (const [at, count] of points) {
    const before = merged.at(-1);
    if (before !== undefined && at - before[0] < GRAIN) before[1] = Math.max(before[1], count);
    else merged.push([at, count]);
  }
  const first = merged[0];
  if (first === undefined) return '';
  return `M${near(first[0])} ${near(y(0))}${merged.map(([at, count]) => `H${near(at)}V${near(y(count))}`).join('')}V${near(y(0))}Z`;
}

function dagRow(
  dagId: string,
  runs: readonly SimulatedRun[],
  top: number,
  x: (at: number) => number,
): string {
  const bar = (ranges: readonly (readonly [number, number])[], from: number, height: number) =>
    merged(ranges.map(([start, end]) => [x(start), x(end)]))
      .map(
        ([start, end]) =>
          `M${near(start)} ${from}h${near(Math.max(GRAIN, end - start))}v${height}h-${near(Math.max(GRAIN, end - start))}z`,
      )
      .join('');
  const waits = runs.flatMap((run) => run.tasks.filter((task) => task.startDate > task.scheduledAt));
  const late = runs.filter((run) => run.startDate > run.dueAt);
  const missed = runs.flatMap((run) => run.missed.map(({ dueAt }) => [dueAt, dueAt] as const));
  const label = dagId.length > 28 ? `${dagId.slice(0, 27)}…` : dagId;
  return [
    `<g><title>${escaped(dagId)}: ${runs.length} runs</title><text x="16" y="${top + 9}">${escaped(label)}</text>`,
    `<path class="run" d="${bar(
      runs.map((run) => [run.startDate, run.endDate]),
      top + 2,
      ROW - 7,
    )}"/>`,
    `<path class="wait" d="${bar([...late.map((run) => [run.dueAt, run.startDate] as const), ...waits.map((task) => [task.scheduledAt, task.startDate] as const)], top + ROW - 4, 2)}"/>`,
    `<path class="missed" d="${missed.map(([at]) => `M${near(x(at) - 1)} ${top}h2v${ROW - 2}h-2z`).join('')}"/></g>`,
  ].join('');
}

/** Ranges in order, those that touch as one. */
function merged(ranges: [number, number][]): [number, number][] {
  const result: [number, number][] = [];
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const before = result.at(-1);
    if (before !== undefined && start - before[1] < GRAIN) before[1] = Math.max(before[1], end);
    else result.push([start, end]);
  }
  return result;
}

function legend(y: number): string {
  const entries = [
    ['run', 'running'],
    ['wait', 'waiting for room'],
    ['missed', 'deadline missed'],
  ] as const;
  return entries
    .map(
      ([name, text], i) =>
        `<rect class="${name}" x="${LABELS + i * 130}" y="${y - 8}" width="10" height="8" rx="1"/><text class="quiet" x="${LABELS + i * 130 + 14}" y="${y}">${text}</text>`,
    )
    .join('');
}

const near = (value: number): number => Math.round(value * 10) / 10;
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
