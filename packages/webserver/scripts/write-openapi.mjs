// Writes openapi.json out of the table of routes. Run it after `tsc -b packages/webserver` whenever a route or a schema changed;
// test/integration/web-openapi.test.ts fails while the file is behind.
import { readFile, writeFile } from 'node:fs/promises';
import { openApiDocument, routeTable } from '../dist/index.js';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const document = openApiDocument(routeTable, version);
await writeFile(new URL('../openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`);
