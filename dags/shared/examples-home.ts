import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/** Path of a file below `TSFLOW_HOME/examples`, where the examples leave their results. */
export function exampleFile(name: string): string {
  const folder = resolve(process.env.TSFLOW_HOME ?? '.tsflow', 'examples');
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

/** Path of a data file of the npm package vega-datasets. Its `exports` hide the data folder, so it is found beside its entry. */
export function dataset(name: string): string {
  const entry = createRequire(import.meta.url).resolve('vega-datasets');
  return join(dirname(entry), '..', 'data', name);
}
