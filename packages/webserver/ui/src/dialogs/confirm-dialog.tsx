import { useTranslation } from 'react-i18next';
import { CopyCommand } from '../controls/copy-command.tsx';
import { Dialog } from '../controls/dialog.tsx';

/** Asks once more before something that cannot be taken back. */
export function ConfirmDialog({
  title,
  text,
  confirm,
  command,
  isPending,
  onConfirm,
  onClose,
}: {
  title: string;
  text: string;
  confirm: string;
  command?: string;
  isPending: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          {command ? <CopyCommand command={command} /> : null}
          <span className="grow" />
          <button type="button" className="button" onClick={onClose}>
            {t('action.cancel')}
          </button>
          <button
            type="button"
            className="button"
            data-kind="danger"
            disabled={isPending}
            onClick={onConfirm}
          >
            {confirm}
          </button>
        </>
      }
    >
      <p>{text}</p>
    </Dialog>
  );
}
