import { expect, it } from 'vitest';
import { relativeText } from './relative-text.ts';

it.each([
  [0, 'now'],
  [-400, 'now'],
  [-2_000, '2 sec. ago'],
  [90_000, 'in 2 min.'],
  [-7_200_000, '2 hr. ago'],
])('%i ms reads %s', (delta, text) => expect(relativeText(delta, 'en')).toBe(text));
