import { useTranslation } from 'react-i18next';
import type { Check } from '../api/contract.ts';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { StateIcon } from '../state/state-icon.tsx';

/** What has to be true before something starts: what is not comes first. */
export function ChecksList({ checks, error }: { checks: readonly Check[] | undefined; error: unknown }) {
  const { t } = useTranslation();
  if (error) return <ErrorNotice error={error} />;
  if (!checks) return null;
  const blocked = checks.filter((check) => !check.passed);
  return (
    <ul className="checks">
      {blocked.length === 0 ? <li className="soft">{t('why.nothing')}</li> : null}
      {[...blocked, ...checks.filter((check) => check.passed)].map((check) => (
        <li key={check.name} data-passed={check.passed}>
          <StateIcon state={check.passed ? 'success' : 'queued'} size={13} />
          <span className="sr-only">{t(check.passed ? 'why.met' : 'why.unmet')}</span>
          <span className="strong">{check.name.replaceAll('_', ' ')}</span>
          <span className="soft">{check.reason}</span>
        </li>
      ))}
    </ul>
  );
}
