import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { StateIcon } from '../state/state-icon.tsx';

/** Files that could not be loaded: where, why, since when, and which version goes on meanwhile. */
export function ImportErrorsPage() {
  const { t } = useTranslation();
  const errors = useQuery(queries.importErrors());
  if (errors.isError && !errors.data)
    return <ErrorNotice error={errors.error} onRetry={() => void errors.refetch()} />;
  return (
    <div className="page">
      <h1 className="sr-only">{t('nav.importErrors')}</h1>
      {errors.data?.items.length === 0 ? (
        <div className="empty">
          <h2 className="state-label">
            <StateIcon state="success" /> {t('importErrors.none')}
          </h2>
          <p className="soft">{t('importErrors.noneText')}</p>
        </div>
      ) : null}
      {errors.data?.items.map((error) => (
        <article key={error.file} className="import-error">
          <div className="head-line">
            <h2 className="state-label mono">
              <StateIcon state="failed" />
              {[error.file, error.line, error.column].filter((part) => part !== null).join(':')}
            </h2>
            <span className="soft">
              <span className="faint">{t('importErrors.since')}</span> <Instant at={error.since} />
            </span>
            <span className="soft">
              {error.lastGood.length > 0 ? (
                <>
                  <span className="faint">{t('importErrors.lastGood')}</span>{' '}
                  {error.lastGood.map((good) => (
                    <span key={good.dagId} className="nowrap">
                      {good.dagId} {good.number} <code>{good.version.slice(0, 7)}</code>{' '}
                    </span>
                  ))}
                </>
              ) : (
                t('importErrors.noGood')
              )}
            </span>
          </div>
          <p>{error.message}</p>
          {error.codeFrame ? (
            <pre className="code-block" tabIndex={0}>
              {error.codeFrame}
            </pre>
          ) : null}
        </article>
      ))}
    </div>
  );
}
