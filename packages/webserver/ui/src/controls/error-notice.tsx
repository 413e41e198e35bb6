import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client.ts';
import { StateIcon } from '../state/state-icon.tsx';

/** What failed, in the server's words, with a way to try again. The rest of the page stays. */
export function ErrorNotice({
  error,
  what,
  onRetry,
}: {
  error: unknown;
  what?: string;
  onRetry?: () => void;
}) {
  const { t } = useTranslation();
  return (
    <div className="notice" role="alert">
      <span className="state-label strong">
        <StateIcon state="failed" />
        {what ?? t('error.title')}
      </span>
      <span className="soft">{errorText(error, t('error.unreachable'))}</span>
      {error instanceof ApiError && error.requestId ? (
        <span className="faint">
          {t('error.requestId')} <code>{error.requestId}</code>
        </span>
      ) : null}
      {onRetry ? (
        <button type="button" className="button" onClick={onRetry}>
          {t('action.retry')}
        </button>
      ) : null}
    </div>
  );
}

export function errorText(error: unknown, unreachable: string): string {
  if (error instanceof ApiError) return error.status === 0 ? unreachable : error.message;
  return error instanceof Error ? error.message : String(error);
}
