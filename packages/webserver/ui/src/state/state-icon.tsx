import type { ReactElement } from 'react';
import type { TaskState } from '../api/contract.ts';

/** The shape of a state, 16 x 16, in the state's colour. Decorative: whoever uses it writes the word, too. */
export function StateIcon({ state, size = 14 }: { state: string; size?: number }) {
  return (
    <svg
      className="state-icon"
      data-state={state}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[(ATTEMPT_ENDS[state] ?? state) as TaskState] ?? SHAPES.none}
    </svg>
  );
}

/** Ends that only attempts have, drawn as the state of a task that they are nearest to. */
const ATTEMPT_ENDS: Readonly<Record<string, TaskState>> = { killed: 'failed', lost: 'restarting' };

const mark = {
  fill: 'none',
  stroke: 'var(--on-state)',
  strokeWidth: 1.9,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;
const line = {
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.6,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;
const disc = <circle cx="8" cy="8" r="7.5" fill="currentColor" />;

/** Told apart without colour: filled or outlined, and by what is drawn. */
const SHAPES: Record<TaskState, ReactElement> = {
  success: (
    <>
      {disc}
      <path d="M4.6 8.3 7 10.7l4.5-5" {...mark} />
    </>
  ),
  running: (
    <>
      <circle cx="8" cy="8" r="5.2" fill="currentColor" />
      <circle
        className="moving-edge"
        cx="8"
        cy="8"
        r="7"
        {...line}
        strokeWidth={1.5}
        strokeDasharray="11 11"
      />
    </>
  ),
  failed: (
    <>
      <rect x="0.8" y="0.8" width="14.4" height="14.4" rx="2.6" fill="currentColor" />
      <path d="m5 5 6 6m0-6-6 6" {...mark} />
    </>
  ),
  up_for_retry: (
    <>
      <path d="M13.4 8.6A5.5 5.5 0 1 1 11.6 4" {...line} strokeWidth={2} />
      <path d="M14.6 1.6v5h-5z" fill="currentColor" />
    </>
  ),
  queued: (
    <>
      <circle cx="2.7" cy="8" r="1.9" fill="currentColor" />
      <circle cx="8" cy="8" r="1.9" fill="currentColor" />
      <circle cx="13.3" cy="8" r="1.9" fill="currentColor" />
    </>
  ),
  scheduled: (
    <>
      <circle cx="8" cy="8" r="6.6" {...line} />
      <path d="M8 4.4V8l2.6 1.6" {...line} />
    </>
  ),
  upstream_failed: (
    <>
      <circle cx="8" cy="8" r="6.3" {...line} strokeWidth={2.2} />
      <path d="m3.8 3.8 8.4 8.4" {...line} strokeWidth={2.2} />
    </>
  ),
  skipped: <path d="M2.5 4 6.5 8l-4 4M8.5 4l4 4-4 4" {...line} strokeWidth={1.9} />,
  deferred: (
    <>
      {disc}
      <path d="M6 5.2v5.6m4-5.6v5.6" {...mark} />
    </>
  ),
  up_for_reschedule: <path d="M4 1.8h8M4 14.2h8M5 2c0 5 6 7 6 12M11 2c0 5-6 7-6 12" {...line} />,
  restarting: (
    <path
      d="M2 7a6 6 0 0 1 10-3l1.8 1.6M13.8 2v3.6h-3.6M14 9a6 6 0 0 1-10 3l-1.8-1.6M2.2 14v-3.6h3.6"
      {...line}
    />
  ),
  removed: <path d="M3 8h10" {...line} strokeWidth={2} strokeDasharray="3 2.4" />,
  none: <circle cx="8" cy="8" r="5.4" {...line} strokeWidth={1.3} />,
};
