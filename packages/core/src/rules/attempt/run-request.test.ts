import { expect, it } from 'vitest';
import type { RunState } from '../../state/index.ts';
import { type RunRequestStep, runRequestStep } from './run-request.ts';

const ROWS: readonly [
  how: 'trigger' | 'ensure',
  existing: RunState | null,
  isOwn: boolean,
  allowed: readonly ('success' | 'failed')[],
  step: RunRequestStep,
][] = [
  ['trigger', null, false, ['success'], 'create'],
  // Somebody else has this name.
  ['trigger', 'running', false, ['success'], 'refuse'],
  ['trigger', 'success', false, ['success'], 'refuse'],
  // An earlier try made it.
  ['trigger', 'queued', true, ['success'], 'attach'],
  ['trigger', 'running', true, ['success'], 'attach'],
  ['trigger', 'success', true, ['success'], 'attach'],
  ['trigger', 'failed', true, ['success'], 'rerun'],
  ['trigger', 'failed', true, ['success', 'failed'], 'attach'],
  // Whoever made it.
  ['ensure', null, false, ['success'], 'create'],
  ['ensure', 'queued', false, ['success'], 'attach'],
  ['ensure', 'running', false, ['success'], 'attach'],
  ['ensure', 'success', false, ['success'], 'attach'],
  ['ensure', 'failed', false, ['success'], 'rerun'],
  ['ensure', 'failed', true, ['success'], 'rerun'],
  ['ensure', 'success', false, ['failed'], 'rerun'],
];

it.each(ROWS)(
  '%s of a run that is %s (own: %s), where %j will do: %s',
  (how, existing, isOwn, allowedStates, step) => {
    expect(runRequestStep({ how, allowedStates }, existing, isOwn)).toBe(step);
  },
);
