import type { MantineColorScheme, MantineColorSchemeManager } from '@mantine/core';
import { readPreference, writePreference } from './preference.ts';

/** Light, dark or as the system says. `first-paint.js` reads the same preference before the first paint. */
export const colorScheme: MantineColorSchemeManager = {
  get: (fallback) => readPreference<MantineColorScheme>('scheme', fallback),
  set: (value) => writePreference('scheme', value),
  subscribe: () => {},
  unsubscribe: () => {},
  clear: () => writePreference('scheme', 'auto'),
};
