import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('.', import.meta.url);
const names = [
  ...readFileSync(new URL('README.md', folder), 'utf8').matchAll(
    /`((?:\.\.\/)?(?:[a-z]+-parity\/)?[a-z-]+)`/g,
  ),
].map(([, name]) => name!);

function filesOf(where: '' | '../digdag-parity/'): string[] {
  return readdirSync(new URL(where, folder))
    .filter((name) => name.endsWith('.test.ts') && !import.meta.url.endsWith(name))
    .map((name) => where + name.replace('.test.ts', ''));
}

test('the list of rules names every file of parity, and none that is not there', () => {
  const files = [...filesOf(''), ...filesOf('../digdag-parity/')];
  expect(files.filter((file) => !names.includes(file))).toEqual([]);
  const exists = (name: string) => existsSync(new URL(name, folder));
  expect(names.filter((name) => !exists(`${name}.test.ts`) && !exists(name))).toEqual([]);
});
