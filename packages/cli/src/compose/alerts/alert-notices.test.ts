import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaults } from '@tsflow/core/config';
import type { AlertRule } from '@tsflow/core/notifiers';
import { openStore, type Store } from '@tsflow/core/store';
import { ManualClock } from '@tsflow/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AlertNotices } from './alert-notices.ts';

const ops: AlertRule = { to: 'slack', channel: '#ops' };
const mail: AlertRule = { to: 'email', mailTo: ['a@example.com'] };

let folder: string;
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsflow-alerts-'));
  store = await openStore(`sqlite:${join(folder, 'tsflow.db')}`);
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** A process of the installation with these rules, and how often it wrote. */
function process(alerts: readonly AlertRule[]) {
  let writes = 0;
  const db = new Proxy(store.db, {
    get: (of, name) => {
      const value: unknown = Reflect.get(of, name, of);
      if (name === 'insertInto') writes += 1;
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
  const counted = new Proxy(store, {
    get: (of, name) => {
      const value: unknown = name === 'db' ? db : Reflect.get(of, name, of);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
  const clock = new ManualClock();
  const config = {
    ...defaults(folder),
    alerts: JSON.stringify(alerts),
    publicUrl: 'https://tsflow.test',
    leaseMs: 30_000,
  };
  const notices = new AlertNotices({ store: counted, config, clock, watchesSchedulers: false });
  return {
    async looks(times: number): Promise<number> {
      writes = 0;
      for (let at = 0; at < times; at++) {
        await notices.look();
        await clock.advance(15_000);
      }
      return writes;
    },
  };
}

const breaks = (file: string, at: number) =>
  store.catalog.record({
    at,
    parsed: [],
    failed: [{ file, kind: 'load', message: 'no', line: 1, column: 1, codeFrame: null, stack: null }],
    removed: [],
  });

const isGone = (file: string, at: number) =>
  store.catalog.record({ at, parsed: [], failed: [], removed: [file] });

const filed = async () =>
  (await store.db.selectFrom('alert').select('facts').execute()).map(
    ({ facts }) => (JSON.parse(facts) as { rule: AlertRule }).rule.to,
  );

describe('an import error', () => {
  beforeEach(async () => {
    await store.db.deleteFrom('alert').execute();
    await store.db.deleteFrom('importError').execute();
  });

  it('is filed once for everybody who is told, and looked at without a write from then on', async () => {
    await breaks('a.ts', 1);
    const one = process([ops, mail]);
    expect(await one.looks(1)).toBe(2);
    expect(await one.looks(5)).toBe(0);
    await breaks('b.ts', 2);
    expect(await one.looks(5)).toBe(2);
    expect(await filed()).toHaveLength(4);
  });

  it.each<[string, AlertRule[], number]>([
    ['that starts', [ops, mail], 0],
    ['that starts with its rules in another order', [mail, ops], 0],
    ['that starts with one more', [{ to: 'slack' }, ops, mail], 1],
    ['whose rules want to hear of something else', [{ ...ops, on: ['overdue'] }], 0],
  ])('is known to a process %s', async (_what, rules, anew) => {
    await breaks('a.ts', 1);
    await process([ops, mail]).looks(1);
    expect(await process(rules).looks(5)).toBe(anew);
    const told = anew === 0 ? [ops, mail] : rules;
    expect((await filed()).sort()).toEqual(told.map(({ to }) => to).sort());
  });

  it('is another one when the file was whole in between', async () => {
    const one = process([ops]);
    await breaks('a.ts', 1);
    await one.looks(1);
    await isGone('a.ts', 2);
    await one.looks(1);
    await breaks('a.ts', 3);
    expect(await one.looks(2)).toBe(1);
  });
});
