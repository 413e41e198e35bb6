import { Dialog } from '../controls/dialog.tsx';
import { DialogActions } from './dialog-actions.tsx';

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
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <DialogActions
          command={command}
          confirm={confirm}
          kind="danger"
          isDisabled={isPending}
          onConfirm={onConfirm}
          onClose={onClose}
        />
      }
    >
      <p>{text}</p>
    </Dialog>
  );
}
