import { useTranslation } from 'react-i18next';
import type { Deadline } from '../api/contract.ts';
import { durationText } from '../clock/duration-text.ts';
import { useNow } from '../clock/server-clock.ts';
import { StateIcon } from '../state/state-icon.tsx';

/** What became of a deadline, or how long there is still. */
export function DueLabel({ deadline }: { deadline: Deadline }) {
  const { t } = useTranslation();
  const now = useNow();
  const { state, dueAt, doneAt } = deadline;
  const left = Date.parse(dueAt) - now;
  if (state === 'missed')
    return (
      <span className="state-label">
        <StateIcon state="failed" size={13} />
        {t('deadlines.missed')}
        {doneAt === null ? null : (
          <span className="faint">
            {t('deadlines.doneLate', { duration: durationText(Date.parse(doneAt) - Date.parse(dueAt)) })}
          </span>
        )}
      </span>
    );
  if (state === 'met')
    return (
      <span className="state-label">
        <StateIcon state="success" size={13} />
        {t('deadlines.met')}
        {doneAt === null ? null : (
          <span className="faint">
            {t('deadlines.spare', { duration: durationText(Date.parse(dueAt) - Date.parse(doneAt)) })}
          </span>
        )}
      </span>
    );
  return (
    <span className="state-label" data-near={left < NEAR_MS || undefined}>
      <StateIcon state="scheduled" size={13} />
      {left > 0 ? t('dags.in', { duration: durationText(left) }) : t('dags.due')}
    </span>
  );
}

/** Below this a person may still do something about it, and should. */
const NEAR_MS = 300_000;
