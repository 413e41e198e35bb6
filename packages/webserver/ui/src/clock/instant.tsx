import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { readPreference, usePreference } from '../browser/preference.ts';
import { relativeText } from './relative-text.ts';
import { useNow } from './server-clock.ts';

/**
 * An instant as people say it ("3 min ago"), with the absolute one in UTC, in this browser's zone and in the DAG's, on hover and
 * on focus.
 */
export function Instant({
  at,
  zone,
  absolute,
  isPast = true,
}: {
  at: string | null;
  /** The DAG's zone: a third line of the tooltip. */
  zone?: string | undefined;
  /** Shows the date in the chosen zone instead of the distance. */
  absolute?: boolean;
  /** It has happened: never said to lie ahead, however the clocks of server and browser differ. Default true. */
  isPast?: boolean;
}) {
  const { i18n } = useTranslation();
  const now = useNow();
  const shownZone = useShownZone(zone);
  if (at === null) return <span className="faint">–</span>;
  const ms = Date.parse(at);
  return (
    <Tooltip
      label={<InstantLines at={ms} zone={zone} />}
      events={{ hover: true, focus: true, touch: true }}
      openDelay={250}
    >
      <time dateTime={at} className="instant" tabIndex={0}>
        {absolute
          ? dateText(ms, shownZone, i18n.language)
          : relativeText(isPast ? Math.min(0, ms - now) : ms - now, i18n.language)}
      </time>
    </Tooltip>
  );
}

export type ZoneChoice = 'local' | 'utc' | 'dag';

/** The zone in which absolute times are shown: a person's choice, where the DAG's needs a DAG to be known. */
export function useShownZone(dagZone?: string): string | undefined {
  const [choice] = usePreference<ZoneChoice>('zone', 'local');
  return zoneOf(choice, dagZone);
}

export function shownZone(dagZone?: string): string | undefined {
  return zoneOf(readPreference<ZoneChoice>('zone', 'local'), dagZone);
}

/** A date to the second, in a zone (undefined: the browser's). An unknown zone falls back to UTC. */
export function dateText(ms: number, zone: string | undefined, language: string): string {
  return formatter(language, zone).format(ms);
}

function InstantLines({ at, zone }: { at: number; zone: string | undefined }) {
  const { t, i18n } = useTranslation();
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <span className="instant-lines">
      <span>UTC</span>
      <span>{dateText(at, 'UTC', i18n.language)}</span>
      <span>{t('zone.local')}</span>
      <span>
        {dateText(at, undefined, i18n.language)} {local}
      </span>
      {zone && zone !== 'UTC' && zone !== local ? (
        <>
          <span>{t('zone.dag')}</span>
          <span>
            {dateText(at, zone, i18n.language)} {zone}
          </span>
        </>
      ) : null}
    </span>
  );
}

function zoneOf(choice: ZoneChoice, dagZone: string | undefined): string | undefined {
  if (choice === 'utc') return 'UTC';
  return choice === 'dag' ? (dagZone ?? 'UTC') : undefined;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(language: string, zone: string | undefined): Intl.DateTimeFormat {
  const key = `${language} ${zone ?? ''}`;
  let format = formatters.get(key);
  if (!format) {
    const options: Intl.DateTimeFormatOptions = {
      dateStyle: 'medium',
      timeStyle: 'medium',
      hourCycle: 'h23',
    };
    try {
      format = new Intl.DateTimeFormat(language, zone ? { ...options, timeZone: zone } : options);
    } catch {
      format = new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' });
    }
    formatters.set(key, format);
  }
  return format;
}
