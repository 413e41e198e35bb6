import { Link } from '@tanstack/react-router';
import { Trans, useTranslation } from 'react-i18next';
import type { Pool } from '../api/contract.ts';
import { durationText } from '../clock/duration-text.ts';
import { dateText, useShownZone } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';
import { Problem } from '../controls/problem.tsx';

/** What gives a pool its slots when that is no number: which Variable or plan, and when there will be more or fewer. */
export function SlotSource({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  const { limit, problem } = pool;
  if (typeof limit === 'number') return null;
  return (
    <span className="slot-source">
      {'variable' in limit ? (
        <span>
          <Trans
            i18nKey="pools.fromVariable"
            values={{ name: limit.variable }}
            components={{ to: <Link to="/variables" search={{ filter: limit.variable }} className="mono" /> }}
          />
        </span>
      ) : (
        <span title={JSON.stringify(limit, null, 1)}>{t('pools.fromPlan')}</span>
      )}
      <NextSlots pool={pool} />
      {problem === null ? null : <Problem>{problem}</Problem>}
    </span>
  );
}

function NextSlots({ pool: { next, limit } }: { pool: Pool }) {
  const { t, i18n } = useTranslation();
  const now = useNow();
  const zone = useShownZone(typeof limit === 'object' && 'windows' in limit ? limit.timezone : undefined);
  if (next === null) return null;
  const at = Date.parse(next.at);
  return (
    <time dateTime={next.at} title={dateText(at, zone, i18n.language)} className="faint">
      {t('pools.nextSlots', { count: next.slots, duration: durationText(Math.max(0, at - now)) })}
    </time>
  );
}
