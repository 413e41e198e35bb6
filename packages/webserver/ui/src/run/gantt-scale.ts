import type { GanttSegment } from '../api/contract.ts';

/** A stretch of time in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A stretch of an attempt on the time axis. */
export interface Bar {
  /** `waiting`: for a slot. `held`: deferred, to be looked at again later, or until its next try. `running`: a process of it ran. */
  readonly kind: 'waiting' | 'held' | 'running';
  /** What the stretch is coloured as; of `running` the state of the attempt. */
  readonly state: string;
  readonly from: number;
  readonly to: number;
  readonly segment: GanttSegment;
}

/** A time in which at least one of several attempts ran that have the same state. */
export interface Stretch extends Span {
  readonly state: string;
}

/** The time a run covers, from its first wait to its last end (to now while it goes on). Never empty, never inverted. */
export function runSpan(
  segments: readonly GanttSegment[],
  run: {
    readonly startDate: string | null;
    readonly queuedAt: string | null;
    readonly endDate: string | null;
  },
  now: number,
): Span {
  const starts = [run.startDate ?? run.queuedAt, ...segments.map((each) => each.queuedAt ?? each.startDate)];
  const ends = [run.endDate, ...segments.map((each) => each.endDate)];
  // A cleared run keeps its first start; a queuedAt long before it would squeeze the bars into the corner.
  const from = Math.min(...instants(starts), now);
  const isOpen = run.endDate === null;
  const to = Math.max(...instants(ends), isOpen ? now : 0, from + (isOpen ? LEAST_OPEN_MS : LEAST_MS));
  return { from, to: to + (to - from) * 0.02 };
}

/**
 * The bars of an attempt: waiting for a slot, then running, cut where it was held. A clock that stepped back gives zero length, not a
 * negative one.
 */
export function barsOf(segment: GanttSegment, now: number): Bar[] {
  const started = parse(segment.startDate);
  const ended = parse(segment.endDate);
  const queued = parse(segment.queuedAt) ?? started;
  if (queued === null) return [];
  const bars: Bar[] = [];
  const waitEnd = Math.max(queued, started ?? ended ?? now);
  if (waitEnd > queued) bars.push({ kind: 'waiting', state: 'queued', from: queued, to: waitEnd, segment });
  if (started === null) return bars;
  const end = Math.max(started, ended ?? now);
  let at = started;
  for (const pause of segment.pauses) {
    const from = Math.min(end, Math.max(at, Date.parse(pause.from)));
    const to = Math.min(end, Math.max(from, pause.to === null ? end : Date.parse(pause.to)));
    if (from > at) bars.push({ kind: 'running', state: segment.state, from: at, to: from, segment });
    const kind = pause.state === 'queued' ? 'waiting' : 'held';
    if (to > from) bars.push({ kind, state: pause.state, from, to, segment });
    at = to;
  }
  if (at < end || segment.pauses.length === 0)
    bars.push({ kind: 'running', state: segment.state, from: at, to: end, segment });
  return bars;
}

/** The bars of a task's attempts, oldest first, and the waits for the next try between them. */
export function barsOfTask(segments: readonly GanttSegment[], isUpForRetry: boolean, now: number): Bar[] {
  return segments.flatMap((segment, at) => {
    const bars = barsOf(segment, now);
    const next = segments[at + 1];
    const from = parse(segment.endDate);
    const to =
      next === undefined ? (isUpForRetry ? now : null) : (parse(next.queuedAt) ?? parse(next.startDate));
    if (segment.state === 'failed' && from !== null && to !== null && to > from)
      bars.push({ kind: 'held', state: 'up_for_retry', from, to, segment });
    return bars;
  });
}

/** When attempts of several tasks ran, by how they ended: stretches of one state that touch are one. Failures come last, to lie on top. */
export function stretchesOf(segments: readonly GanttSegment[], now: number): readonly Stretch[] {
  const running = segments
    .flatMap((segment) => barsOf(segment, now))
    .filter(({ kind }) => kind === 'running')
    .sort((a, b) => a.from - b.from);
  const byState = new Map<string, Stretch[]>();
  for (const { state, from, to } of running) {
    const stretches = byState.get(state) ?? [];
    const last = stretches.at(-1);
    if (last !== undefined && from <= last.to)
      stretches.splice(-1, 1, { ...last, to: Math.max(last.to, to) });
    else stretches.push({ state, from, to });
    byState.set(state, stretches);
  }
  const onTop = (state: string): number => ['success', 'running', 'failed'].indexOf(state);
  return [...byState].sort(([a], [b]) => onTop(a) - onTop(b)).flatMap(([, stretches]) => stretches);
}

/** Left edge and width in per cent of the span; null when nothing of it is inside. */
export function place(bar: { from: number; to: number }, span: Span): { left: number; width: number } | null {
  const size = span.to - span.from;
  if (bar.to < span.from || bar.from > span.to) return null;
  const left = Math.max(0, (bar.from - span.from) / size);
  const right = Math.min(1, (bar.to - span.from) / size);
  return { left: left * 100, width: Math.max(0, right - left) * 100 };
}

/** Zooms around a point (0 to 1 of the width). Stays inside `whole` and never below 10 ms. */
export function zoomed(span: Span, whole: Span, factor: number, at: number): Span {
  const size = Math.min(whole.to - whole.from, Math.max(10, (span.to - span.from) * factor));
  const pivot = span.from + (span.to - span.from) * at;
  return within({ from: pivot - size * at, to: pivot + size * (1 - at) }, whole);
}

/** Moves by a part of the width: 0.2 is a fifth to the right. */
export function panned(span: Span, whole: Span, part: number): Span {
  const by = (span.to - span.from) * part;
  return within({ from: span.from + by, to: span.to + by }, whole);
}

/** At most `most` round instants, as offsets from the start of the run, in milliseconds. */
export function ticks(
  span: Span,
  origin: number,
  most: number,
): { offsets: readonly number[]; step: number } {
  const step = STEPS.find((each) => (span.to - span.from) / each <= most) ?? STEPS.at(-1)!;
  const offsets: number[] = [];
  for (
    let at = Math.ceil((span.from - origin) / step) * step;
    at <= span.to - origin && offsets.length < 50;
    at += step
  )
    offsets.push(at);
  return { offsets, step };
}

/** A zoom as it stands in the URL: offsets from the start of the run, `1200-5000`. */
export function zoomToText(span: Span, origin: number): string {
  return `${Math.round(span.from - origin)}~${Math.round(span.to - origin)}`;
}

export function zoomFromText(text: string | undefined, whole: Span, origin: number): Span {
  const [from, to] = (text ?? '').split('~').map(Number);
  if (from === undefined || to === undefined || !Number.isFinite(from) || !Number.isFinite(to) || to <= from)
    return whole;
  return within({ from: origin + from, to: origin + to }, whole);
}

function within(span: Span, whole: Span): Span {
  const size = Math.min(span.to - span.from, whole.to - whole.from);
  const from = Math.min(Math.max(span.from, whole.from), whole.to - size);
  return { from, to: from + size };
}

function parse(at: string | null): number | null {
  return at === null ? null : Date.parse(at);
}

function instants(list: readonly (string | null | undefined)[]): number[] {
  return list.flatMap((at) => (at ? [Date.parse(at)] : [])).filter(Number.isFinite);
}

/** A run that has just begun gets a second to grow into; a finished one only has to have a length. */
const LEAST_OPEN_MS = 1_000;
const LEAST_MS = 10;

const S = 1_000;
const M = 60 * S;
const H = 60 * M;
const STEPS = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  S,
  2 * S,
  5 * S,
  10 * S,
  15 * S,
  30 * S,
  M,
  2 * M,
  5 * M,
  10 * M,
  15 * M,
  30 * M,
  H,
  2 * H,
  3 * H,
  6 * H,
  12 * H,
  24 * H,
  48 * H,
  168 * H,
  720 * H,
  8_760 * H,
];
