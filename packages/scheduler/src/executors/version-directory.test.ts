import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureVersionDirectory, nearestNodeModules } from './version-directory.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tsflow-versions-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const FILES = [
  { path: 'team/etl.bundle.mjs', content: 'export {};' },
  { path: 'team/q.sql', content: Buffer.from('select 1') },
];
const modules = { nodeModules: '/somewhere/node_modules' };

describe('ensureVersionDirectory', () => {
  test('writes the files and links node_modules, once', async () => {
    let asked = 0;
    const files = async () => {
      asked += 1;
      return FILES;
    };
    const directory = await ensureVersionDirectory(home, 'abc123', files, modules);
    expect(readFileSync(join(directory, 'team/q.sql'), 'utf8')).toBe('select 1');
    expect(readlinkSync(join(directory, 'node_modules'))).toBe(modules.nodeModules);
    expect(await ensureVersionDirectory(home, 'abc123', files, modules)).toBe(directory);
    expect(asked).toBe(1);
    expect(readdirSync(join(home, 'versions'))).toEqual(['abc123']);
  });

  test('lets scripts be run by their names, and nothing else', async () => {
    const files = [
      { path: 'a.sh', content: '#!/bin/sh\n' },
      { path: 'b.py', content: Buffer.from('#!/usr/bin/env python3\n') },
      { path: 'c.sql', content: Buffer.from('# select') },
      { path: 'd.txt', content: '' },
    ];
    const directory = await ensureVersionDirectory(home, 'abc123', async () => files, modules);
    const modes = files.map(({ path }) => (statSync(join(directory, path)).mode & 0o777).toString(8));
    expect(modes).toEqual(['700', '700', '600', '600']);
  });

  test('may be done by several at the same time', async () => {
    const all = Array.from({ length: 8 }, () =>
      ensureVersionDirectory(home, 'abc123', async () => FILES, { nodeModules: null }),
    );
    expect(new Set(await Promise.all(all)).size).toBe(1);
    expect(readdirSync(join(home, 'versions'))).toEqual(['abc123']);
  });

  test.each(['../out.txt', '/etc/out.txt', 'a/../../out.txt', '', 'a\0b'])(
    'refuses the path %j and leaves nothing',
    async (path) => {
      const files = async () => [...FILES, { path, content: 'x' }];
      await expect(ensureVersionDirectory(home, 'abc123', files, modules)).rejects.toThrow(
        'below its directory',
      );
      expect(readdirSync(join(home, 'versions'))).toEqual([]);
    },
  );

  test.each(['', '..', '../x', 'a/b', '.hidden', 'a\0'])('refuses the name %j', async (bundle) => {
    await expect(ensureVersionDirectory(home, bundle, async () => FILES, modules)).rejects.toThrow(
      'digest of a bundle',
    );
  });
});

test('nearestNodeModules looks upwards', () => {
  mkdirSync(join(home, 'project/dags/team'), { recursive: true });
  mkdirSync(join(home, 'project/node_modules'));
  expect(nearestNodeModules(join(home, 'project/dags/team'))).toBe(join(home, 'project/node_modules'));
  expect(existsSync('/node_modules') || nearestNodeModules('/')).toBe(
    existsSync('/node_modules') ? true : null,
  );
});
