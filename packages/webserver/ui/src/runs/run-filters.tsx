import { useTranslation } from 'react-i18next';
import type { RunState } from '../api/contract.ts';
import { Choice } from '../controls/choice.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { RUN_STATES, RUN_TYPES, type RunType } from './run-words.ts';

/** Narrows a list by the state of runs. */
export function RunStateChoice({
  value,
  onChange,
}: {
  value: RunState | undefined;
  onChange: (state: RunState | undefined) => void;
}) {
  const { t } = useTranslation();
  const word = useStateWord();
  return (
    <Choice
      label={t('dags.state')}
      any={t('dags.anyState')}
      value={value}
      onChange={onChange}
      options={RUN_STATES.map((state) => [state, word(state)])}
    />
  );
}

/** Narrows a list by what made its runs. */
export function RunTypeChoice({
  value,
  onChange,
}: {
  value: RunType | undefined;
  onChange: (type: RunType | undefined) => void;
}) {
  const { t } = useTranslation();
  return (
    <Choice
      label={t('runs.type')}
      any={t('runs.anyType')}
      value={value}
      onChange={onChange}
      options={RUN_TYPES.map((type) => [type, t(`runType.${type}`)])}
    />
  );
}
