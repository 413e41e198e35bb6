import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ServerInfo } from '../api/contract.ts';
import { durationText } from '../clock/duration-text.ts';
import { StateIcon } from '../state/state-icon.tsx';

/** A scheduler beats every ten seconds unless told otherwise: two beats missed are no hiccup. */
const LATE_MS = 25_000;

const LAMPS = { none: 'failed', stale: 'up_for_retry', healthy: 'success' } as const;

/** The scheduler's lamp: a word for its health; who runs where, and when each last beat, on hover and focus. */
export function SchedulerLamp({ info, failed }: { info: ServerInfo | undefined; failed: boolean }) {
  const { t } = useTranslation();
  if (!info || failed)
    return failed ? (
      <span className="lamp" role="status">
        <StateIcon state="failed" size={12} />
        <span className="lamp-text">{t('scheduler.unknown')}</span>
      </span>
    ) : null;
  const age = Math.min(...info.schedulers.map((each) => each.beatAgeMs));
  const health = info.schedulers.length === 0 ? 'none' : age > LATE_MS ? 'stale' : 'healthy';
  const text = t(`scheduler.${health}`);
  return (
    <Tooltip
      multiline
      label={
        <span className="instant-lines">
          {info.schedulers.map((each) => (
            <span key={each.id} style={{ display: 'contents' }}>
              <span>
                {each.host}:{each.pid}
              </span>
              <span>{t('scheduler.line', { dags: each.dags, age: durationText(each.beatAgeMs) })}</span>
            </span>
          ))}
          <span>{t('scheduler.slots')}</span>
          <span>
            {info.parallelism.used} / {info.parallelism.limit}
          </span>
        </span>
      }
    >
      <span className="lamp" tabIndex={0} role="img" aria-label={text}>
        <StateIcon state={LAMPS[health]} size={12} />
        <span className="lamp-text">{text}</span>
      </span>
    </Tooltip>
  );
}
