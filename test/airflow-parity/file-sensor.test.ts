import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSensor } from '@tsflow/core';
import { afterAll, expect, test } from 'vitest';
import { sensorContext } from '../support/sensor-context.ts';

/** What one look of a FileSensor says: the path when it is there, else nothing. */

const folder = mkdtempSync(join(tmpdir(), 'tsflow-file-'));
writeFileSync(join(folder, 'empty'), '');
writeFileSync(join(folder, 'rows'), '1234');
afterAll(() => rmSync(folder, { recursive: true }));

// biome-ignore format: a table
test.each([
  // path            at least (bytes)  is there
  ['empty',          0,                true],
  ['empty',          1,                false],
  ['rows',           4,                true],
  ['rows',           5,                false],
  ['absent',         0,                false],
  ['empty/below',    0,                false],   // below a file there is nothing
  ['.',              0,                true],    // a folder
])('%s of at least %i bytes', async (path, minBytes, isThere) => {
  const sensor = new FileSensor({ taskId: 'file', path: 'unused' });
  const found = await sensor.poke(sensorContext(), { path: join(folder, path), minBytes });
  expect(found).toBe(isThere ? join(folder, path) : null);
});
