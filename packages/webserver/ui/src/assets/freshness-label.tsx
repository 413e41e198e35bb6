import { useTranslation } from 'react-i18next';
import type { Asset } from '../api/contract.ts';
import { durationText } from '../clock/duration-text.ts';
import { useNow } from '../clock/server-clock.ts';
import { StateIcon } from '../state/state-icon.tsx';
import { type Freshness, freshnessOf } from './asset-freshness.ts';

/** How an asset stands, and how long it has still, or how long it is overdue. */
export function FreshnessLabel({ asset }: { asset: Asset }) {
  const { t } = useTranslation();
  const now = useNow();
  const freshness = freshnessOf(asset, now);
  if (freshness === 'unset') return <span className="faint">{t('assets.unset')}</span>;
  const distance = asset.expectedAt === null ? null : Math.abs(Date.parse(asset.expectedAt) - now);
  return (
    <span className="state-label">
      <StateIcon state={ICONS[freshness]} />
      {t(`assets.${freshness}`)}
      {distance === null ? null : (
        <span className="faint">
          {t(freshness === 'stale' ? 'assets.overdueBy' : 'assets.nextWithin', {
            duration: durationText(distance),
          })}
        </span>
      )}
    </span>
  );
}

const ICONS: Readonly<Record<Exclude<Freshness, 'unset'>, string>> = {
  fresh: 'success',
  stale: 'failed',
  never: 'none',
};
