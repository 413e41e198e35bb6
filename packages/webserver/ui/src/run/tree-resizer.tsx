import { useTranslation } from 'react-i18next';

/** The border between the task tree and the chart; dragged, or moved by arrow keys. */
export function TreeResizer({ width, onResize }: { width: number; onResize: (width: number) => void }) {
  const { t } = useTranslation();
  const clamp = (value: number) => Math.round(Math.min(640, Math.max(140, value)));
  return (
    <div
      className="tree-resizer"
      role="separator"
      aria-orientation="vertical"
      aria-label={t('run.resizeTree')}
      aria-valuenow={width}
      aria-valuemin={140}
      aria-valuemax={640}
      tabIndex={0}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const left = event.currentTarget.parentElement!.getBoundingClientRect().left;
        onResize(clamp(event.clientX - left));
      }}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        event.preventDefault();
        event.stopPropagation();
        onResize(clamp(width + (event.key === 'ArrowRight' ? 16 : -16)));
      }}
    />
  );
}
