import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AttemptLog } from './attempt-log.ts';
import { LogIndexes } from './log-index.ts';
import type { LogLevel } from './log-line.ts';
import { LogSegments } from './log-segment.ts';
import type { LogPlace } from './log-sources.ts';
import { SecretMasker } from './secret-masker.ts';

const DAY = Date.UTC(2026, 0, 31);
let folder: string;
let segments: LogSegments;
let indexes: LogIndexes;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsflow-log-index-'));
  segments = new LogSegments(folder, 'runner-1');
  indexes = new LogIndexes(folder);
});

afterEach(() => {
  segments.close();
  rmSync(folder, { recursive: true, force: true });
});

function openLog(attemptId = 1, parts: { headBytes?: number; tailBytes?: number } = {}): AttemptLog {
  const segment = segments.current(DAY);
  return new AttemptLog({ segment, attemptId, masker: new SecretMasker(), now: () => DAY, ...parts });
}

function place(log: AttemptLog, end: number | null, attemptId = 1): LogPlace {
  return { segment: log.segment, start: log.start, end, attemptId };
}

/** 20,000 lines in several blocks: every 1,000th an error, every 100th a warning. */
function longLog(): LogPlace {
  const log = openLog();
  for (let i = 1; i <= 20_000; i += 1) {
    const level: LogLevel = i % 1_000 === 0 ? 'error' : i % 100 === 0 ? 'warn' : 'info';
    log.write(level, 'task', `line ${i} of many, with some text so that it is about as long as lines are`);
  }
  return place(log, log.close());
}

describe('a window of a log', () => {
  test('is found by its number, wherever it is', async () => {
    const long = longLog();
    for (const from of [0, 1, 499, 7_777, 19_990]) {
      const window = await indexes.window(long, { from, count: 10 });
      expect(window.lines.map(({ number }) => number)).toEqual(
        Array.from({ length: 10 }, (_, i) => from + i + 1),
      );
      expect(window.lines[0]!.message).toMatch(new RegExp(`^line ${from + 1} of`));
      expect(window).toMatchObject({ from, total: 20_000, lineCount: 20_000, firstErrorRow: 999 });
    }
  });

  test('counts from the end, and stays inside', async () => {
    const long = longLog();
    expect((await indexes.window(long, { from: -3 })).lines.map(({ number }) => number)).toEqual([
      19_998, 19_999, 20_000,
    ]);
    expect((await indexes.window(long, { from: 99_999 })).lines).toEqual([]);
    expect((await indexes.window(long, { from: -99_999, count: 1 })).lines[0]!.number).toBe(1);
  });

  test('has the rows of a level, each with its number in the whole log', async () => {
    const long = longLog();
    const errors = await indexes.window(long, { level: 'error', from: 18 });
    expect(errors.lines.map(({ number }) => number)).toEqual([19_000, 20_000]);
    expect(errors).toMatchObject({ total: 20, lineCount: 20_000, firstErrorRow: 0 });
    const warnings = await indexes.window(long, { level: 'warn', from: 100, count: 2 });
    expect(warnings.lines.map(({ number }) => number)).toEqual([10_100, 10_200]);
    expect(warnings).toMatchObject({ total: 200, firstErrorRow: 9 });
  });

  test('has a line asked for in its middle, or the next one of that level', async () => {
    const long = longLog();
    const window = await indexes.window(long, { line: 12_345, count: 11 });
    expect([window.row, window.from, window.lines[5]!.number]).toEqual([12_344, 12_339, 12_345]);
    const warnings = await indexes.window(long, { line: 12_345, level: 'warn', count: 3 });
    expect([warnings.row, warnings.lines[1]!.number]).toEqual([123, 12_400]);
  });

  test('grows with the log, and ends where another attempt begins', async () => {
    const log = openLog(7);
    const running = place(log, null, 7);
    expect(await indexes.window(running)).toMatchObject({ total: 0, nextOffset: 0, firstErrorRow: null });
    for (let i = 1; i <= 3; i += 1) {
      log.write('info', 'task', `step ${i}`);
      log.flush();
      const window = await indexes.window(running);
      expect(window.lines.map(({ message }) => message)).toHaveLength(i);
      expect(window.nextOffset).toBe(segments.current(DAY).position);
    }
    const next = openLog(71);
    next.write('error', 'task', 'of another');
    next.flush();
    expect(await indexes.window(running)).toMatchObject({ total: 3, lineCount: 3, firstErrorRow: null });
  });

  test('covers the head and the newest lines of one that outgrew its head', async () => {
    const log = openLog(1, { headBytes: 2_000, tailBytes: 400_000 });
    for (let i = 1; i <= 3_000; i += 1) log.write('info', 'task', `line ${i}`);
    log.flush();
    const running = await indexes.window(place(log, null), { from: -1 });
    expect(running.lines.at(-1)!.message).toBe('line 3000');
    const ended = await indexes.window(place(log, log.close()), { from: -1 });
    expect(ended.lines.at(-1)!.message).toBe('line 3000');
    expect(ended.total).toBeGreaterThanOrEqual(running.total);
  });

  test('of a log that is not there is empty', async () => {
    const nowhere = { segment: '2026-01-31/nobody-0.jsonl', start: 0, end: null };
    expect(await indexes.window(nowhere)).toMatchObject({ lines: [], total: 0 });
    expect(await indexes.search(nowhere, 'x')).toEqual({ total: 0, rows: [] });
  });

  test('reads lines longer than a block', async () => {
    const log = openLog();
    for (let i = 0; i < 12; i += 1) log.write('info', 'task', `${i} ${'\u0001'.repeat(60_000)}`);
    const long = place(log, log.close());
    const window = await indexes.window(long, { from: 9, count: 1 });
    expect(window.lines[0]!.message.slice(0, 2)).toBe('9 ');
    // Windows end early when lines are long; who asks on gets the rest.
    expect((await indexes.window(long, { from: 0 })).lines.length).toBeLessThan(12);
  });
});

describe('a search', () => {
  test('counts every line that has the text and names their rows', async () => {
    const long = longLog();
    expect(await indexes.search(long, 'LINE 77')).toMatchObject({ total: 111 });
    expect(await indexes.search(long, 'line 7777 ')).toEqual({ total: 1, rows: [7_776] });
    expect(await indexes.search(long, 'line 20000', { level: 'error' })).toEqual({ total: 1, rows: [19] });
    expect(await indexes.search(long, 'line 7777 ', { level: 'error' })).toEqual({ total: 0, rows: [] });
  });

  test.each([
    ['a quote', 'he said "no"', 'said "NO"', 1],
    ['a backslash', 'C:\\temp', 'c:\\t', 1],
    ['other alphabets', 'データ 東京', '東京', 1],
    ['not the words of the line itself', 'plain', 'attemptId', 0],
    ['not a letter of an escape', 'a\u0001b', 'u0001', 0],
    ['a control character', 'a\tb', 'a\tb', 1],
  ])('%s', async (_, message, find, total) => {
    const log = openLog();
    log.write('info', 'task', message);
    expect(await indexes.search(place(log, log.close()), find)).toMatchObject({ total });
  });

  test('looks into the fields too', async () => {
    const log = openLog();
    log.write('info', 'task', 'loaded', { table: 'orders' });
    expect(await indexes.search(place(log, log.close()), 'Orders')).toMatchObject({ total: 1, rows: [0] });
  });
});
