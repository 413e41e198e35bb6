import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AttemptLog, type AttemptLogOptions } from './attempt-log.ts';
import { followAttemptLog, readAttemptLog } from './log-reader.ts';
import { LogSegments } from './log-segment.ts';
import type { LogPlace } from './log-sources.ts';
import { SecretMasker } from './secret-masker.ts';

const DAY = Date.UTC(2026, 0, 31);
let folder: string;
let segments: LogSegments;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsflow-logs-'));
  segments = new LogSegments(folder, 'runner-1');
});

afterEach(() => {
  segments.close();
  rmSync(folder, { recursive: true, force: true });
});

function openLog(attemptId: number, options: Partial<AttemptLogOptions> = {}): AttemptLog {
  const segment = segments.current(DAY);
  return new AttemptLog({ segment, attemptId, masker: new SecretMasker(), now: () => DAY, ...options });
}

function place(log: AttemptLog, end: number | null): LogPlace {
  return { segment: log.segment, start: log.start, end };
}

async function messages(log: LogPlace, options = {}): Promise<string[]> {
  return (await readAttemptLog(folder, log, options)).lines.map(({ message }) => message);
}

describe('the log of an attempt', () => {
  test('is its range of the segment', async () => {
    const first = openLog(1);
    first.write('info', 'task', 'one');
    first.print('stdout', 'two\nthr');
    first.print('stdout', 'ee');
    const firstEnd = first.close();
    const second = openLog(2);
    second.write('warn', 'system', 'four', { rows: 2n, error: new Error('x'), self: undefined });
    const secondEnd = second.close();
    expect(await messages(place(first, firstEnd))).toEqual(['one', 'two', 'three']);
    expect((await readAttemptLog(folder, place(second, secondEnd))).lines).toEqual([
      {
        at: '2026-01-31T00:00:00.000Z',
        level: 'warn',
        source: 'system',
        message: 'four',
        attemptId: 2,
        fields: { rows: '2', error: 'Error: x' },
      },
    ]);
    expect(first.segment).toBe(second.segment);
  });

  test('takes nothing after its end', async () => {
    const log = openLog(1);
    log.write('info', 'task', 'one');
    const end = log.close();
    log.write('info', 'task', 'late');
    log.print('stdout', 'late\n');
    expect(log.close()).toBe(end);
    expect(await messages(place(log, null))).toEqual(['one']);
  });

  test('is readable when its end was never recorded, up to the next attempt', async () => {
    const first = openLog(1);
    first.write('error', 'task', 'last words');
    first.close();
    const second = openLog(2);
    second.write('error', 'task', 'of another');
    second.close();
    const page = await readAttemptLog(folder, place(first, null));
    expect(page).toMatchObject({ done: true, lines: [{ message: 'last words' }] });
  });

  test('a message of several lines becomes as many', async () => {
    const log = openLog(1);
    log.write('error', 'task', 'Error: x\n    at y\r\n    at z');
    expect(await messages(place(log, log.close()))).toEqual(['Error: x', '    at y', '    at z']);
  });

  test('is masked before it is cut', async () => {
    const masker = new SecretMasker();
    masker.register('top-secret');
    const log = openLog(1, { masker });
    log.write('info', 'task', `${'x'.repeat(64 * 1024 - 4)}top-secret`, { token: 'top-secret' });
    log.print('stdout', 'split top-');
    log.print('stdout', `secret\n${'y'.repeat(64 * 1024 - 4)}top-secret\n`);
    const text = JSON.stringify(
      (await readAttemptLog(folder, place(log, log.close()), { limitBytes: 1e6 })).lines,
    );
    expect(text.includes('top-')).toBe(false);
    expect(text.includes('split ***')).toBe(true);
  });

  test('keeps head and tail of a flood, with a mark between them', async () => {
    const log = openLog(1, { headBytes: 200_000, tailBytes: 400_000 });
    for (let i = 0; i < 20_000; i++) log.write('info', 'task', `line ${i}`);
    const before = place(log, null);
    log.flush();
    const running = await messages({ ...before, attemptId: 1 }, { limitBytes: 1e7 });
    expect(running[0]).toBe('line 0');
    expect(running.at(-1)).toBe('line 19999');
    const end = log.close();
    const lines = await messages(place(log, end), { limitBytes: 1e7 });
    expect(lines[0]).toBe('line 0');
    expect(lines.at(-1)).toBe('line 19999');
    const mark = lines.findIndex((line) => line.startsWith('The log was truncated: '));
    expect(mark).toBeGreaterThan(1_000);
    expect(end - log.start).toBeLessThan(700_000);
    const numbers = lines.filter((_, i) => i !== mark).map((line) => Number(line.slice(5)));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(readdirSync(join(folder, '2026-01-31'))).toEqual(['runner-1-0.jsonl']);
  });

  test('says what found no space on the disk, as soon as there is some', async () => {
    const log = openLog(1);
    // A folder in the place of the file refuses lines as a full disk does.
    const inTheWay = join(folder, log.segment);
    mkdirSync(inTheWay, { recursive: true });
    log.write('info', 'task', 'lost');
    log.flush();
    rmdirSync(inTheWay);
    log.write('info', 'task', 'kept');
    const end = log.close();
    const said = await messages(place(log, end));
    expect(said).toEqual(['kept', expect.stringMatching(/truncated: \d+ bytes found no space/)]);
    const next = openLog(2);
    next.write('info', 'task', 'whole');
    expect(await messages(place(next, next.close()))).toEqual(['whole']);
  });

  test('a segment grows to its size, and a new day begins another', () => {
    const first = openLog(1);
    first.write('warn', 'task', 'x');
    first.close();
    expect(segments.current(DAY + 86_400_000).name).toBe('2026-02-01/runner-1-1.jsonl');
  });
});

describe('reading a log', () => {
  test('goes page by page, whole lines each', async () => {
    const log = openLog(1);
    for (let i = 0; i < 100; i++) log.write(i % 2 === 0 ? 'info' : 'error', 'task', `line ${i}`);
    const whole = place(log, log.close());
    const read: string[] = [];
    let offset = 0;
    for (let pages = 0; ; pages++) {
      const page = await readAttemptLog(folder, whole, { offset, limitBytes: 1024 });
      read.push(...page.lines.map(({ message }) => message));
      offset = page.nextOffset;
      if (!page.done) continue;
      expect(pages).toBeGreaterThan(5);
      break;
    }
    expect(read).toEqual(Array.from({ length: 100 }, (_, i) => `line ${i}`));
    expect(await messages(whole, { level: 'error' })).toHaveLength(50);
  });

  test('a line longer than the page is a page', async () => {
    const log = openLog(1);
    log.write('info', 'task', 'x'.repeat(20_000));
    log.write('info', 'task', 'next');
    const page = await readAttemptLog(folder, place(log, log.close()), { limitBytes: 1024 });
    expect(page.lines[0]?.message).toHaveLength(20_000);
  });

  test('follows until the attempt is over', async () => {
    const log = openLog(1);
    let end: number | null = null;
    log.write('warn', 'task', 'one');
    log.flush();
    const read: string[] = [];
    const pages = followAttemptLog(
      folder,
      async () => ({ ...place(log, end), attemptId: 1, isOver: end !== null }),
      {
        pollMs: 1,
      },
    );
    for await (const page of pages) {
      read.push(...page.lines.map(({ message }) => message));
      if (end !== null) continue;
      log.write('warn', 'task', 'two');
      end = log.close();
    }
    expect(read).toEqual(['one', 'two']);
  });

  test.each([
    '../../etc/passwd',
    '/etc/passwd',
    '2026-01-31/../../x-0.jsonl',
    '2026-01-31/a%2fb-0.jsonl',
    'C:\\x',
    'a\0b',
  ])('refuses the segment name %j', async (segment) => {
    await expect(readAttemptLog(folder, { segment, start: 0, end: 1 })).rejects.toThrow(
      'Expected a log segment',
    );
  });

  test('does not follow a link out of the folder', async () => {
    const log = openLog(1);
    log.write('warn', 'task', 'x');
    log.close();
    const outside = mkdtempSync(join(tmpdir(), 'tsflow-outside-'));
    writeFileSync(join(outside, 'secret'), 'secret\n');
    symlinkSync(join(outside, 'secret'), join(folder, '2026-01-31', 'runner-2-0.jsonl'));
    const link = { segment: '2026-01-31/runner-2-0.jsonl', start: 0, end: 7 };
    await expect(readAttemptLog(folder, link)).rejects.toThrow('leads out of the log folder');
    rmSync(outside, { recursive: true });
  });

  test('what does not exist is empty', async () => {
    const page = await readAttemptLog(folder, {
      segment: '2026-01-01/runner-9-0.jsonl',
      start: 0,
      end: null,
    });
    expect(page).toEqual({ lines: [], nextOffset: 0, done: false });
  });
});
