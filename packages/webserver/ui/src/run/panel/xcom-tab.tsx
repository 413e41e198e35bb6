import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Attempt, TaskInstanceDetail } from '../../api/contract.ts';
import { queries } from '../../api/queries.ts';
import { ErrorNotice } from '../../controls/error-notice.tsx';
import { ValuePairs } from './value-pairs.tsx';

/** What one try pushed. */
export function XcomTab({ task, attempt }: { task: TaskInstanceDetail; attempt: Attempt }) {
  const { t } = useTranslation();
  const xcom = useQuery(queries.xcom(task.dagId, task.runId, task.taskId, attempt.attemptId));
  if (xcom.isError) return <ErrorNotice error={xcom.error} onRetry={() => void xcom.refetch()} />;
  if (!xcom.data) return null;
  if (xcom.data.items.length === 0) return <p className="notice soft">{t('panel.noXcom')}</p>;
  return (
    <div className="panel-sections">
      <ValuePairs label={t('panel.xcom')} values={xcom.data.items.map(({ key, value }) => [key, value])} />
    </div>
  );
}
