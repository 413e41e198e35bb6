import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { en } from './en/en.ts';
import { ja } from './ja/ja.ts';

type Tree = { readonly [key: string]: string | Tree };

const source = fileURLToPath(new URL('..', import.meta.url));
const english = flat(en);
const japanese = flat(ja);
const base = (key: string) => key.replace(/_(one|other)$/, '');

describe('the catalogues', () => {
  it('have the same keys', () =>
    expect([...new Set([...japanese.keys()].map(base))].sort()).toEqual(
      [...new Set([...english.keys()].map(base))].sort(),
    ));

  it.each(['en', 'ja'])('say nothing twice: areas of %s share no key', async (language) => {
    const areas = readdirSync(join(source, 'i18n', language)).filter((file) => file !== `${language}.ts`);
    const parts = await Promise.all(
      areas.map(async (area): Promise<Record<string, Tree>> => import(join(source, 'i18n', language, area))),
    );
    const keys = parts.flatMap((part) => Object.values(part)).flatMap((area) => Object.keys(area));
    expect([...new Set(keys)]).toEqual(keys);
    expect(keys.sort()).toEqual(Object.keys(language === 'en' ? en : ja).sort());
  });

  it('fill in the same values', () => {
    for (const [key, text] of japanese) {
      const twin = english.get(key) ?? english.get(base(key)) ?? '';
      expect(blanks(text), key).toEqual(blanks(twin));
    }
  });

  it('leave no English sentence in the Japanese one', () => {
    const allowed = new Set(['panel.xcom', 'trigger.conf', 'nav.dags', 'runs.dagId']);
    for (const [key, text] of japanese)
      if (!allowed.has(key))
        expect(/[\u3040-\u30ff\u4e00-\u9fff]/.test(text) || blanks(text).length > 0, `${key}: ${text}`).toBe(
          true,
        );
  });

  it('have every key that the pages ask for', () => {
    const known = new Set([...english.keys()].map(base));
    for (const [key, file] of asked()) expect(known.has(key), `${key} in ${file}`).toBe(true);
  });
});

function flat(tree: Tree, at = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string' ? [[`${at}${key}`, value] as const] : [...flat(value, `${at}${key}.`)],
    ),
  );
}

function blanks(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]!).sort();
}

function asked(): [string, string][] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.|i18n/.test(file))
    .flatMap((file) =>
      [...readFileSync(join(source, file), 'utf8').matchAll(/\bt\(\s*'([a-zA-Z]+\.[\w.]+)'/g)].map(
        (match): [string, string] => [match[1]!, file],
      ),
    );
}
