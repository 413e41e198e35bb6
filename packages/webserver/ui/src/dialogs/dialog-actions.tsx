import { useTranslation } from 'react-i18next';
import { CopyCommand } from '../controls/copy-command.tsx';

/** The end of a dialog: the same as a command line, the way out, and what it is about. */
export function DialogActions({
  command,
  confirm,
  kind,
  isDisabled,
  form,
  onConfirm,
  onClose,
}: {
  command?: string | undefined;
  confirm: string;
  kind: 'primary' | 'danger';
  isDisabled: boolean;
  /** The id of a form that the button sends, instead of telling `onConfirm`. */
  form?: string;
  onConfirm?: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      {command ? <CopyCommand command={command} /> : null}
      <span className="grow" />
      <button type="button" className="button" onClick={onClose}>
        {t('action.cancel')}
      </button>
      <button
        type={form ? 'submit' : 'button'}
        form={form}
        className="button"
        data-kind={kind}
        disabled={isDisabled}
        onClick={onConfirm}
      >
        {confirm}
      </button>
    </>
  );
}
