import { useTranslation } from 'react-i18next';
import { durationText } from '../clock/duration-text.ts';
import { dateText, useShownZone } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';

/** When the next run comes: a countdown, then the date. */
export function NextRun({ at, zone }: { at: string | null; zone: string }) {
  const { t, i18n } = useTranslation();
  const now = useNow();
  const shown = useShownZone(zone);
  if (at === null) return <span className="faint">–</span>;
  const left = Date.parse(at) - now;
  return (
    <span className="nowrap">
      {left > 0 ? t('dags.in', { duration: durationText(left) }) : t('dags.due')}{' '}
      <time className="faint" dateTime={at}>
        {dateText(Date.parse(at), shown, i18n.language)}
      </time>
    </span>
  );
}
