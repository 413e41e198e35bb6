import { type RefObject, useLayoutEffect, useState } from 'react';

/** Pixels that an element is wide inside, kept up to date. `isThere`: changes when the element comes or goes. */
export function useWidth(element: RefObject<HTMLElement | null>, isThere = true): number {
  const [width, setWidth] = useState(1_000);
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return;
    const observer = new ResizeObserver(() => setWidth(current.clientWidth || 1));
    observer.observe(current);
    return () => observer.disconnect();
  }, [element, isThere]);
  return width;
}
