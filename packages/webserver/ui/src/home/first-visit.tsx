import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '../api/queries.ts';

const EXAMPLE = `import { DAG, task } from '@tsflow/core';

const dag = new DAG('hello', { schedule: '@daily', startDate: '2026-01-01' });

dag.with(() => {
  const rows = task('extract', async () => [1, 2, 3])();
  task('sum', async (numbers: number[]) => numbers.reduce((a, b) => a + b))(rows);
});
`;

/** What a person sees before there is any DAG: where files go, and one to start from. */
export function FirstVisit() {
  const { t } = useTranslation();
  const info = useQuery(queries.info());
  return (
    <div className="empty">
      <h2>{t('first.title')}</h2>
      <p className="soft">{t('first.folder')}</p>
      <pre className="code-block" tabIndex={0}>
        {info.data?.dagsFolder ?? '…'}
      </pre>
      <p className="soft">{t('first.example')}</p>
      <pre className="code-block" tabIndex={0}>
        {EXAMPLE}
      </pre>
      <p className="faint">{t('first.soon')}</p>
    </div>
  );
}
