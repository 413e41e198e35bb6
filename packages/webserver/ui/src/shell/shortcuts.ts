import { useEffect, useRef } from 'react';

export const PLACES = {
  h: '/',
  d: '/dags',
  r: '/runs',
  b: '/backfills',
  a: '/assets',
  l: '/deadlines',
  v: '/variables',
  p: '/pools',
  c: '/connections',
  i: '/import-errors',
} as const;

/**
 * The keys that work everywhere: Mod+K, `?`, `/` and `g` followed by a place. No single key acts while somebody types or an input
 * method composes.
 */
export function useShortcuts(actions: {
  search: () => void;
  sheet: () => void;
  go: (to: (typeof PLACES)[keyof typeof PLACES]) => void;
}): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    let wentAt = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.isComposing || event.keyCode === 229) return;
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        latest.current.search();
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (performance.now() - wentAt < CHORD_MS && event.key in PLACES) {
        wentAt = 0;
        event.preventDefault();
        latest.current.go(PLACES[event.key as keyof typeof PLACES]);
      } else if (event.key === 'g') wentAt = performance.now();
      else if (event.key === '?') latest.current.sheet();
      else if (event.key === '/') {
        const field = document.querySelector<HTMLInputElement>('[data-page-search]');
        event.preventDefault();
        if (field) field.focus();
        else latest.current.search();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type))
  );
}

const CHORD_MS = 1_200;
