import { useCallback, useMemo } from 'react';
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
  // Looked up once a language: a grid asks for a thousand of them at a time.
  const words = useMemo(
    () => new Map([...known].map((state) => [state, t(`state.${state as TaskState | 'killed' | 'lost'}`)])),
    [t],
  );
  return useCallback((state) => words.get(state) ?? state, [words]);
}

/** Of tasks, and the ends that only attempts have. */
const known: ReadonlySet<string> = new Set([...STATES_BY_URGENCY, 'killed', 'lost']);
