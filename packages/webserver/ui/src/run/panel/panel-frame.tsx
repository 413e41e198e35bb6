import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { usePreference } from '../../browser/preference.ts';
import { IconButton } from '../../controls/icon-button.tsx';
import { TaskName } from '../../controls/task-name.tsx';
import { PanelResizer } from './panel-resizer.tsx';

/** The panel below the tree: as high as a person left it; Escape closes it and gives the focus back to the tree. */
export function PanelFrame({
  taskId,
  mapPath,
  renderedMapIndex,
  head,
  actions,
  children,
  onClose,
}: {
  taskId: string;
  mapPath: string;
  renderedMapIndex?: string | null | undefined;
  /** Behind the name. */
  head: ReactNode;
  actions: ReactNode;
  children: ReactNode;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [height, setHeight] = usePreference<string>('panelHeight', '320');
  const panel = useRef<HTMLElement>(null);
  return (
    <section
      ref={panel}
      className="task-panel"
      aria-label={t('panel.label', { task: taskId })}
      style={{ height: `min(${height}px, calc(100dvh - 220px))` }}
      onKeyDown={(event) => {
        // Dialogs and menus of the panel have an Escape of their own, which closes them alone.
        const isAbove = event.target instanceof Element && event.target.closest('dialog, [role="menu"]');
        if (event.key === 'Escape' && !isAbove && !event.nativeEvent.isComposing && !event.defaultPrevented) {
          onClose();
          document.querySelector<HTMLElement>('.gantt-scroll')?.focus();
        }
      }}
    >
      <PanelResizer panel={panel} height={Number(height)} onResize={(next) => setHeight(String(next))} />
      <div className="panel-head">
        <h2>
          <TaskName of={{ taskId, mapPath, renderedMapIndex }} />
        </h2>
        {head}
        <span className="actions">
          {actions}
          <IconButton icon="close" label={t('panel.close')} onClick={onClose} />
        </span>
      </div>
      {children}
    </section>
  );
}
