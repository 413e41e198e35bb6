import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { STATES_BY_URGENCY } from './urgency.ts';

const css = readFileSync(join(fileURLToPath(new URL('.', import.meta.url)), 'state-square.css'), 'utf8');

it.each(STATES_BY_URGENCY)('a square of state %s shows its picture', (state) =>
  expect(css).toMatch(
    new RegExp(`\\[data-state="${state}"\\] \\{\\n {2}--square: var\\(--square-${state}\\);`),
  ),
);
