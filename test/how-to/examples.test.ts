import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const pages = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.md'),
);

/** A block that names its file, ```` ```ts file=test/how-to/x.ts ````, says what stands there: the file is what runs in CI. */
test.each(pages)('the examples of docs/%s stand in the files that run', (page) => {
  const blocks = readFileSync(`${root}docs/${page}`, 'utf8').matchAll(
    /^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm,
  );
  for (const [, file, example] of blocks) {
    expect(readFileSync(root + file!, 'utf8'), `an example of docs/${page} from ${file}`).toContain(example);
  }
});
