import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { codeFrame } from '../code/code-frame.ts';
import { CodeLines } from '../code/code-lines.tsx';
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
          {error.codeFrame ? <Frame file={error.file} text={error.codeFrame} /> : null}
        </article>
      ))}
    </div>
  );
}

function Frame({ file, text }: { file: string; text: string }) {
  const frame = codeFrame(text);
  if (frame === null)
    return (
      <pre className="code-block" tabIndex={0}>
        {text}
      </pre>
    );
  return (
    <div className="code-frame">
      <CodeLines path={file} label={file} mark="failed" {...frame} />
    </div>
  );
}
