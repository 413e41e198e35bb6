import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { barLine, Progress } from './progress.ts';

describe('Progress', () => {
  it('prints a line whenever another tenth is done, and none that says the same', () => {
    const { progress, text } = shown(false);
    for (let done = 0; done <= 100; done++)
      progress.update({ done, total: 100, detail: `${done} succeeded` });
    progress.update({ done: 100, total: 100, detail: '100 succeeded' });
    progress.stop();
    const lines = text().trimEnd().split('\n');
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe('100 of 100: 100 succeeded');
  });

  it('tells every 30 s that it lives while something moves', () => {
    const { progress, text, pass } = shown(false);
    progress.update({ done: 0, total: 100, detail: '1 running' });
    pass(31_000);
    progress.update({ done: 1, total: 100, detail: '2 running' });
    pass(31_000);
    progress.update({ done: 1, total: 100, detail: '2 running' });
    expect(text()).toBe('0 of 100: 1 running\n1 of 100: 2 running\n');
  });

  it('redraws one line on a terminal, and leaves it standing', () => {
    const { progress, text } = shown(true);
    progress.update({ done: 1, total: 2, detail: '' });
    progress.update({ done: 2, total: 2, detail: '' });
    progress.stop();
    expect(text().split('\n')).toHaveLength(2);
    expect(text()).toContain('100 %');
  });

  it('draws nothing above a whole bar, and a full one for no work', () => {
    expect(barLine({ done: 0, total: 0, detail: 'nothing' }, 0)).toContain('100 %');
    expect(barLine({ done: 1, total: 4, detail: '' }, 10_000)).toContain('30.0 s left');
  });
});

function shown(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 });
  let now = 0;
  let written = '';
  stream.on('data', (chunk) => {
    written += chunk;
  });
  return {
    progress: new Progress(stream, () => now),
    pass: (ms: number) => {
      now += ms;
    },
    text: () => {
      stream.read();
      return written;
    },
  };
}
