import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './icon-button.tsx';

/** A form beside the page, which stays usable. Esc closes it and gives focus back. */
export function SidePanel({
  title,
  onClose,
  footer,
  children,
}: {
  title: ReactNode;
  onClose: () => void;
  footer?: ReactNode;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    ref.current?.querySelector<HTMLElement>('input, select, textarea, button:not(.icon-button)')?.focus();
    return () => before?.focus();
  }, []);
  return (
    <section
      ref={ref}
      className="side-panel"
      role="dialog"
      aria-modal="false"
      aria-labelledby="side-panel-title"
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.nativeEvent.isComposing) {
          event.stopPropagation();
          onClose();
        }
      }}
    >
      <div className="title-line">
        <h2 id="side-panel-title">{title}</h2>
        <IconButton icon="close" label={t('action.close')} onClick={onClose} />
      </div>
      <div className="panel-content">{children}</div>
      {footer ? <footer>{footer}</footer> : null}
    </section>
  );
}
