import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Rgb = readonly [number, number, number];

/** Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB. */
const SIGHTS: Record<string, readonly Rgb[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const DAILY = ['success', 'running', 'failed', 'up_for_retry', 'queued'];
const LEAST_DISTANCE = 0.087;

const css = readFileSync(new URL('./palette.css', import.meta.url), 'utf8');
const [light, dark] = [...css.matchAll(/\{([^}]*)\}/g)].map((block) => colours(block[1]!));

describe.each([
  ['light', light!],
  ['dark', dark!],
])('the %s palette', (_, palette) => {
  describe.each(Object.entries(SIGHTS))('under %s sight', (_sight, matrix) => {
    for (const [i, a] of DAILY.entries()) {
      for (const b of DAILY.slice(i + 1)) {
        it(`keeps ${a} and ${b} apart`, () => {
          const distance = oklabDistance(see(matrix, palette[a]!), see(matrix, palette[b]!));
          expect(distance).toBeGreaterThanOrEqual(LEAST_DISTANCE);
        });
      }
    }
  });
});

it('names every state in both schemes', () => {
  expect(Object.keys(dark!).sort()).toEqual(Object.keys(light!).sort());
  expect(Object.keys(light!)).toHaveLength(13);
});

function colours(block: string): Record<string, Rgb> {
  return Object.fromEntries(
    [...block.matchAll(/--state-(\w+): #([0-9a-f]{6})/g)].map(([, name, hex]) => [name!, linear(hex!)]),
  );
}

function linear(hex: string): Rgb {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(0), channel(2), channel(4)];
}

function see(matrix: readonly Rgb[], [r, g, b]: Rgb): Rgb {
  const [x, y, z] = matrix.map((row) => Math.min(1, Math.max(0, row[0] * r + row[1] * g + row[2] * b)));
  return [x!, y!, z!];
}

function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function oklabDistance(a: Rgb, b: Rgb): number {
  const [p, q] = [oklab(a), oklab(b)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}
