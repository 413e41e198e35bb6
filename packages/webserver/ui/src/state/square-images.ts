import type { TaskState } from '../api/contract.ts';

/**
 * The shapes of `state-icon.tsx` as pictures, one element a square instead of four: a grid draws a thousand of them at once. As a mask
 * over a colour each would be a layer of its own to the painter; a picture is drawn like a letter.
 */
const SHAPES: Readonly<Record<TaskState, string>> = {
  success: `<circle cx='8' cy='8' r='7.5' fill='FILL'/><path d='M4.6 8.3 7 10.7l4.5-5' stroke='MARK' stroke-width='1.9'/>`,
  running: `<circle cx='8' cy='8' r='5.2' fill='FILL'/><circle cx='8' cy='8' r='7' stroke='FILL' stroke-width='1.5' stroke-dasharray='11 11'/>`,
  failed: `<rect x='0.8' y='0.8' width='14.4' height='14.4' rx='2.6' fill='FILL'/><path d='m5 5 6 6m0-6-6 6' stroke='MARK' stroke-width='1.9'/>`,
  up_for_retry: `<path d='M13.4 8.6A5.5 5.5 0 1 1 11.6 4' stroke='FILL' stroke-width='2'/><path d='M14.6 1.6v5h-5z' fill='FILL'/>`,
  queued: `<circle cx='2.7' cy='8' r='1.9' fill='FILL'/><circle cx='8' cy='8' r='1.9' fill='FILL'/><circle cx='13.3' cy='8' r='1.9' fill='FILL'/>`,
  scheduled: `<circle cx='8' cy='8' r='6.6' stroke='FILL' stroke-width='1.6'/><path d='M8 4.4V8l2.6 1.6' stroke='FILL' stroke-width='1.6'/>`,
  upstream_failed: `<circle cx='8' cy='8' r='6.3' stroke='FILL' stroke-width='2.2'/><path d='m3.8 3.8 8.4 8.4' stroke='FILL' stroke-width='2.2'/>`,
  skipped: `<path d='M2.5 4 6.5 8l-4 4M8.5 4l4 4-4 4' stroke='FILL' stroke-width='1.9'/>`,
  deferred: `<circle cx='8' cy='8' r='7.5' fill='FILL'/><path d='M6 5.2v5.6m4-5.6v5.6' stroke='MARK' stroke-width='1.9'/>`,
  up_for_reschedule: `<path d='M4 1.8h8M4 14.2h8M5 2c0 5 6 7 6 12M11 2c0 5-6 7-6 12' stroke='FILL' stroke-width='1.6'/>`,
  restarting: `<path d='M2 7a6 6 0 0 1 10-3l1.8 1.6M13.8 2v3.6h-3.6M14 9a6 6 0 0 1-10 3l-1.8-1.6M2.2 14v-3.6h3.6' stroke='FILL' stroke-width='1.6'/>`,
  removed: `<path d='M3 8h10' stroke='FILL' stroke-width='2' stroke-dasharray='3 2.4'/>`,
  none: `<circle cx='8' cy='8' r='5.4' stroke='FILL' stroke-width='1.3'/>`,
};

/** Gives an element the pictures of all states in the palette's colours, as `--square-<state>`; again when the colours change. */
export function keepSquareImages(element: HTMLElement): () => void {
  const root = document.documentElement;
  const draw = () => {
    const palette = getComputedStyle(root);
    const mark = palette.getPropertyValue('--on-state').trim();
    for (const [state, shape] of Object.entries(SHAPES)) {
      const fill = palette.getPropertyValue(`--state-${state}`).trim();
      element.style.setProperty(`--square-${state}`, `url("${imageOf(shape, fill, mark)}")`);
    }
  };
  draw();
  const observer = new MutationObserver(draw);
  observer.observe(root, { attributes: true, attributeFilter: ['data-mantine-color-scheme'] });
  return () => observer.disconnect();
}

function imageOf(shape: string, fill: string, mark: string): string {
  const drawn = shape.replaceAll('FILL', fill).replaceAll('MARK', mark);
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke-linecap='round' stroke-linejoin='round'>${drawn}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
