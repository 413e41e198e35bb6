import { readFile } from 'node:fs/promises';
import { openApiDocument, routeTable } from '@tsflow/webserver';
import { expect, it } from 'vitest';

const packageFile = (name: string) =>
  readFile(new URL(`../../packages/webserver/${name}`, import.meta.url), 'utf8');

it('openapi.json is what the routes say (npm run openapi --workspace @tsflow/webserver)', async () => {
  const { version } = JSON.parse(await packageFile('package.json')) as { version: string };
  const written: unknown = JSON.parse(await packageFile('openapi.json'));
  expect(written).toEqual(JSON.parse(JSON.stringify(openApiDocument(routeTable, version))));
});

it('no two routes answer to the same method and path', () => {
  const names = routeTable.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
  expect(new Set(names).size).toBe(names.length);
});
