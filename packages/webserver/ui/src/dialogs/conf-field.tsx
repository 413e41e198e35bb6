import { useTranslation } from 'react-i18next';
import { StateIcon } from '../state/state-icon.tsx';
import { parseConf } from './params-form.ts';

/** Params as JSON; under it, where the text stops being that. */
export function ConfField({
  label,
  rows,
  text,
  onChange,
}: {
  label: string;
  rows: number;
  text: string;
  onChange: (text: string) => void;
}) {
  const { t } = useTranslation();
  const parsed = parseConf(text);
  return (
    <label>
      {label}
      <textarea
        className="field"
        rows={rows}
        spellCheck={false}
        value={text}
        aria-invalid={!parsed.ok}
        aria-describedby="conf-problem"
        onChange={(event) => onChange(event.target.value)}
      />
      <span id="conf-problem" className="problem" aria-live="polite">
        {parsed.ok ? null : (
          <>
            <StateIcon state="failed" size={12} />
            {t('trigger.badJson', { line: parsed.line, column: parsed.column, message: parsed.message })}
          </>
        )}
      </span>
    </label>
  );
}
