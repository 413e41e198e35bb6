import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { TaskState } from '../api/contract.ts';
import { StateIcon } from './state-icon.tsx';
import { STATES_BY_URGENCY } from './urgency.ts';

/** A state as shape and word. */
export function StateLabel({ state, size }: { state: string; size?: number }) {
  const word = useStateWord();
  return (
    <span className="state-label">
      <StateIcon state={state} {...(size ? { size } : {})} />
      {word(state)}
    </span>
  );
}

export function useStateWord(): (state: string) => string {
  const { t } = useTranslation();
  return useCallback(
    (state) => (known.has(state) ? t(`state.${state as TaskState | 'killed' | 'lost'}`) : state),
    [t],
  );
}

/** Of tasks, and the ends that only attempts have. */
const known: ReadonlySet<string> = new Set([...STATES_BY_URGENCY, 'killed', 'lost']);
