import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icon.tsx';

/** The same action as a command line, ready to be copied. */
export function CopyCommand({ command, label }: { command: string; label?: string }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <button type="button" className="button" data-kind="quiet" title={command} onClick={copy}>
      <Icon name="copy" size={14} />
      <span aria-live="polite">{isCopied ? t('action.copied') : (label ?? t('action.copyCommand'))}</span>
    </button>
  );
}

/** A word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
