import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ErrorNotice } from '../controls/error-notice.tsx';

/** In place of a page whose drawing failed. The shell around it goes on. */
export function PageFailed({ error, reset }: { error: unknown; reset: () => void }) {
  return <ErrorNotice error={error} onRetry={reset} />;
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <div className="empty">
      <h2>{t('notFound.title')}</h2>
      <p className="soft">{t('notFound.text')}</p>
      <Link className="button" to="/">
        {t('nav.home')}
      </Link>
    </div>
  );
}
