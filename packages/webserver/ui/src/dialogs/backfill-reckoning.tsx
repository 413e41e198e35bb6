import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { BackfillPreview } from '../api/contract.ts';
import { durationText } from '../clock/duration-text.ts';
import { Instant } from '../clock/instant.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';

/** What a backfill would do, as the server reckons it from the schedule and from history. */
export function BackfillReckoning({
  preview,
  zone,
}: {
  preview: UseQueryResult<BackfillPreview>;
  zone: string | undefined;
}) {
  const { t } = useTranslation();
  if (preview.isError) return <ErrorNotice error={preview.error} what={t('backfill.cannot')} />;
  if (!preview.data) return <p className="hint">{t('backfill.chooseRange')}</p>;
  const { total, existing, inFlight, toClear, toCreate, estimateMs, first, last, taskIds } = preview.data;
  return (
    <dl className="pairs">
      <dt>{t('backfill.inRange')}</dt>
      <dd>{total}</dd>
      <dt>{t('backfill.exist')}</dt>
      <dd>{existing}</dd>
      <dt>{t('backfill.running')}</dt>
      <dd>{inFlight}</dd>
      <dt>{t('backfill.toClear')}</dt>
      <dd>{toClear}</dd>
      <dt className="strong">{t('backfill.toCreate')}</dt>
      <dd className="strong">{toCreate}</dd>
      {taskIds === null ? null : (
        <>
          <dt>{t('backfill.tasksOfEach')}</dt>
          <dd>{taskIds.join(', ')}</dd>
        </>
      )}
      <dt>{t('backfill.estimate')}</dt>
      <dd>
        {estimateMs === null ? (
          <span className="faint">{t('backfill.noHistory')}</span>
        ) : (
          durationText(estimateMs)
        )}
      </dd>
      {first === null || last === null ? null : (
        <>
          <dt>{t('backfill.firstLast')}</dt>
          <dd>
            <Instant at={first} zone={zone} absolute /> – <Instant at={last} zone={zone} absolute />
          </dd>
        </>
      )}
    </dl>
  );
}
