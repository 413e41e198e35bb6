import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '../api/queries.ts';

/** The DAG that `tsflow init` writes, as well. */
const EXAMPLE = `import { DAG, task } from '@tsflow/core';

export default new DAG({ dagId: 'hello', schedule: '0 9 * * *', timezone: 'UTC', startDate: '2026-01-01' }, () => {
  const greet = task('greet', ({ logicalDate, log }) => {
    log.info('Hello from tsflow');
    return { day: logicalDate.toISOString().slice(0, 10) };
  });

  task('count', (_context, { greeting }) => greeting.day.length, { greeting: greet.output });
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
