import { useTranslation } from 'react-i18next';

/** What an author writes for a deadline: shown where there is none yet. */
export function HowToPromise() {
  const { t } = useTranslation();
  return (
    <>
      <p className="soft">{t('deadlines.noneDueText')}</p>
      <pre className="code-block" tabIndex={0}>
        {"new DAG({ dagId: 'etl', deadlines: [{ name: 'published', by: '10:00' }] }, …);"}
      </pre>
    </>
  );
}
