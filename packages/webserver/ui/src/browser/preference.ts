import { useCallback, useSyncExternalStore } from 'react';

/** What a person chose for this browser. Kept in local storage; a browser that refuses storage forgets at reload. */
export function usePreference<T extends string>(name: PreferenceName, fallback: T): [T, (value: T) => void] {
  const value = useSyncExternalStore(subscribe, () => readPreference(name, fallback));
  const set = useCallback((next: T) => writePreference(name, next), [name]);
  return [value, set];
}

export type PreferenceName =
  | 'density'
  | 'language'
  | 'logWrap'
  | 'panelHeight'
  | 'scheme'
  | 'treeWidth'
  | 'zone';

export function readPreference<T extends string>(name: PreferenceName, fallback: T): T {
  if (memory.has(name)) return memory.get(name) as T;
  try {
    return (localStorage.getItem(`tsflow.${name}`) as T | null) ?? fallback;
  } catch {
    return fallback;
  }
}

export function writePreference(name: PreferenceName, value: string): void {
  memory.set(name, value);
  try {
    localStorage.setItem(`tsflow.${name}`, value);
  } catch {
    // The value lives on in memory.
  }
  for (const listener of listeners) listener();
}

const memory = new Map<PreferenceName, string>();
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
