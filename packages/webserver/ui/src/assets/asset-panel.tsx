import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '../api/queries.ts';
import { durationText } from '../clock/duration-text.ts';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { SidePanel } from '../controls/side-panel.tsx';
import { useMayWrite } from '../login/role.ts';
import { AssetEvents } from './asset-events.tsx';
import { FreshnessLabel } from './freshness-label.tsx';
import { PostEventForm } from './post-event-form.tsx';

/** One asset: what it is, how fresh, its events with the runs that they made, and a way to say that it is new. */
export function AssetPanel({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const mayWrite = useMayWrite();
  const asset = useQuery(queries.asset(name));
  return (
    <SidePanel title={name} onClose={onClose}>
      {asset.isError && !asset.data ? (
        <ErrorNotice error={asset.error} onRetry={() => void asset.refetch()} />
      ) : asset.data ? (
        <div className="asset-panel">
          {asset.data.description ? <p className="soft">{asset.data.description}</p> : null}
          <dl className="pairs">
            {asset.data.uri ? (
              <>
                <dt>{t('assets.uri')}</dt>
                <dd className="mono">{asset.data.uri}</dd>
              </>
            ) : null}
            <dt>{t('assets.freshness')}</dt>
            <dd>
              <FreshnessLabel asset={asset.data} />
              {asset.data.freshnessMs === null ? null : (
                <span className="faint">
                  {' · '}
                  {t('assets.every', { duration: durationText(asset.data.freshnessMs) })}
                </span>
              )}
            </dd>
            <dt>{t('assets.producers')}</dt>
            <dd>{asset.data.producers.map((task) => `${task.dagId}.${task.taskId}`).join(', ') || '–'}</dd>
            <dt>{t('assets.consumers')}</dt>
            <dd>{asset.data.consumers.join(', ') || '–'}</dd>
            <dt>{t('assets.sensors')}</dt>
            <dd>{asset.data.sensors.map((task) => `${task.dagId}.${task.taskId}`).join(', ') || '–'}</dd>
          </dl>
          {mayWrite ? <PostEventForm name={name} /> : null}
          <AssetEvents events={asset.data.events} />
        </div>
      ) : null}
    </SidePanel>
  );
}
