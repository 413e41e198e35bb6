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
  const date = dateText(Date.parse(at), shown, i18n.language);
  return (
    <span className="next-run nowrap" title={date}>
      {left > 0 ? t('dags.in', { duration: durationText(left) }) : t('dags.due')}{' '}
      <time className="faint" dateTime={at}>
        {date}
      </time>
    </span>
  );
}
