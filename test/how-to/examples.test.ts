import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const pages = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const read = (file: string) => readFileSync(root + file, 'utf8');

/** Pages that another test writes, of files that are not meant to compile. */
const WRITTEN = ['docs/reference/what-does-not-compile.md'];

/** A block that names its file, ```` ```ts file=test/how-to/x.ts ````, says what stands there: the file is what runs in CI. */
test.each([...pages, 'README.md'])('the examples of %s stand in the files that run', (page) => {
  for (const [, file, example] of read(page).matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm)) {
    expect(read(file!), `an example of ${page} from ${file}`).toContain(example);
  }
});

test.each(pages.filter((page) => !WRITTEN.includes(page)))('every example of %s names its file', (page) => {
  expect(read(page)).not.toMatch(/^```ts\n/m);
});

/** Pages with tables of what one writes elsewhere and here, and where the latter stands. */
const COMING_FROM = ['airflow', 'digdag', 'cron-and-jenkins'].map(
  (name) => [`docs/coming-from-${name}.md`, `test/how-to/coming-from-${name}.ts`] as const,
);

describe.each(COMING_FROM)('the tables of %s', (page, file) => {
  const rows = read(page)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('|---'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')));
  // Whatever the formatter did to it.
  const bare = (text: string) => text.replace(/\s+/g, '').replace(/,([)\]}])/g, '$1');
  const here = [file, `${file.slice(0, -3)}.test.ts`, 'dags/waiting/trigger_of_your_own.ts']
    .map(read)
    .join('\n');
  const code = bare(here);

  test('have a row for each concept', () => expect(rows.length).toBeGreaterThan(25));

  test.each(rows.map((cells) => cells[2]!).filter((cell) => cell.includes('`')))('%s', (cell) => {
    for (const [, snippet] of cell.matchAll(/`([^`]+)`/g)) {
      // Commands are checked by commands.test.ts.
      if (!snippet!.startsWith('tsflow ')) expect(code).toContain(bare(snippet!));
    }
  });
});

/** Links of pages lead somewhere. */
test.each([...pages, 'README.md'])('the links of %s', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
  const folder = new URL(page, `file://${root}`);
  for (const link of links) expect(existsSync(new URL(link, folder)), `${page}: ${link}`).toBe(true);
});
