import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './icon-button.tsx';

/** A modal dialog, for what destroys. Esc and the cross close it; focus returns to where it was. */
export function Dialog({
  title,
  onClose,
  footer,
  children,
}: {
  title: ReactNode;
  onClose: () => void;
  footer: ReactNode;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} className="dialog" aria-labelledby="dialog-title" onCancel={onClose}>
      <div className="title-line">
        <h2 id="dialog-title">{title}</h2>
        <IconButton icon="close" label={t('action.close')} onClick={onClose} />
      </div>
      <div className="panel-content">{children}</div>
      <footer>{footer}</footer>
    </dialog>
  );
}
