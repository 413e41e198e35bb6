import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { durationText } from '../clock/duration-text.ts';
import { useNow } from '../clock/server-clock.ts';
import type { LiveStatus } from '../live/live-stream.ts';
import { StateIcon } from '../state/state-icon.tsx';

const STALE_AFTER_MS = 10_000;

/** Whether what is on the page is of now: live, reconnecting, or stale since. */
export function LiveMark({ status }: { status: LiveStatus }) {
  const { t } = useTranslation();
  useNow();
  const goneMs = status.kind === 'reconnecting' ? Date.now() - status.since : 0;
  const isStale = goneMs > STALE_AFTER_MS;
  const text = isStale
    ? t('live.stale', { since: durationText(goneMs) })
    : t(
        status.kind === 'live'
          ? 'live.live'
          : status.kind === 'reconnecting'
            ? 'live.reconnecting'
            : 'live.connecting',
      );
  const icon = status.kind === 'live' ? 'success' : isStale ? 'failed' : 'up_for_retry';
  return (
    <Tooltip label={text}>
      <span className="lamp" role="status" aria-label={text} data-live={status.kind}>
        <StateIcon state={icon} size={12} />
        <span className="lamp-text">{text}</span>
      </span>
    </Tooltip>
  );
}
