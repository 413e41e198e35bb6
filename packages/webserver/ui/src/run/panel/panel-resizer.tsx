import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';

const LEAST_HEIGHT = 120;
const MOST_HEIGHT = 2_000;
const STEP = 24;
/** What has to stay of the page above the panel. */
const PAGE_ABOVE = 180;

/** The edge by which the panel is made higher: by pointer, or by up and down. */
export function PanelResizer({
  panel,
  height,
  onResize,
}: {
  panel: RefObject<HTMLElement | null>;
  height: number;
  onResize: (height: number) => void;
}) {
  const { t } = useTranslation();
  const resize = (next: number) =>
    onResize(Math.round(Math.min(window.innerHeight - PAGE_ABOVE, Math.max(LEAST_HEIGHT, next))));
  return (
    <div
      className="panel-resizer"
      role="separator"
      aria-orientation="horizontal"
      aria-label={t('panel.resize')}
      aria-valuenow={height}
      aria-valuemin={LEAST_HEIGHT}
      aria-valuemax={MOST_HEIGHT}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId))
          resize(panel.current!.getBoundingClientRect().bottom - event.clientY);
      }}
      onKeyDown={(event) => {
        if (event.key === 'ArrowUp') resize(height + STEP);
        else if (event.key === 'ArrowDown') resize(height - STEP);
      }}
    />
  );
}
