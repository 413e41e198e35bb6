import { useTranslation } from 'react-i18next';
import type { Check } from '../api/contract.ts';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { StateIcon } from '../state/state-icon.tsx';

/** Why something has not started, as a person would say it: what is in the way first, what is not on demand. */
export function ChecksList({ checks, error }: { checks: readonly Check[] | undefined; error: unknown }) {
  const { t } = useTranslation();
  if (error) return <ErrorNotice error={error} />;
  if (!checks) return null;
  // What has ended or runs waits for nothing: its state says all, whatever else is true.
  const ended = checks.find(({ name, passed }) => name === 'state' && !passed);
  const blocked = ended ? [] : checks.filter(({ passed }) => !passed);
  const others = checks.filter((check) => check !== ended && !blocked.includes(check));
  return (
    <div className="checks">
      <p className="strong">
        {ended
          ? ended.reason
          : blocked.length === 0
            ? t('why.nothing')
            : t('why.inTheWay', { count: blocked.length })}
      </p>
      <ul>
        {blocked.map((check) => (
          <CheckLine key={check.name} check={check} />
        ))}
      </ul>
      {others.length > 0 ? (
        <details>
          <summary className="soft">{t('why.others', { count: others.length })}</summary>
          <ul>
            {others.map((check) => (
              <CheckLine key={check.name} check={check} />
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}

function CheckLine({ check }: { check: Check }) {
  const { t } = useTranslation();
  return (
    <li data-passed={check.passed}>
      <StateIcon state={check.passed ? 'success' : 'queued'} size={13} />
      <span className="sr-only">{t(check.passed ? 'why.met' : 'why.unmet')}</span>
      <span className="strong">
        {t(`why.names.${check.name as 'pool'}`, { defaultValue: check.name.replaceAll('_', ' ') })}
      </span>
      <span className="soft">{check.reason}</span>
    </li>
  );
}
