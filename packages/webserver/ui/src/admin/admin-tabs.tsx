import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMayWrite } from '../login/role.ts';

/** What is set for the whole installation, side by side. Connections are shown to whoever may see them. */
export function AdminTabs() {
  const { t } = useTranslation();
  const isAdmin = useMayWrite('Admin');
  return (
    <nav className="tabs admin-tabs" aria-label={t('nav.admin')}>
      <Link to="/variables">{t('nav.variables')}</Link>
      <Link to="/pools">{t('nav.pools')}</Link>
      {isAdmin ? <Link to="/connections">{t('nav.connections')}</Link> : null}
    </nav>
  );
}
