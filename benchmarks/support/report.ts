import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';

/** One line of a benchmark's table. A figure without a raw limit is a time that people feel. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What `targets.md` asks for: at least (a rate) or at most (a time). */
  readonly target?: { readonly value: number; readonly sense: 'at least' | 'at most' };
  /** Measured in the same run on the same machine. */
  readonly raw?: { readonly name: string; readonly value: number };
}

/** Prints a table for people, and leaves the same as JSON in `benchmarks/results`. */
export function report(id: string, title: string, figures: readonly Figure[]): void {
  const rows = figures.map(({ name, value, unit, target, raw }) => ({
    figure: name,
    value: `${format(value)} ${unit}`,
    target: target === undefined ? '' : `${target.sense} ${format(target.value)}`,
    'raw limit': raw === undefined ? '' : `${format(raw.value)} (${raw.name})`,
    ratio: raw === undefined ? '' : (value / raw.value).toFixed(3),
    reached: target === undefined ? '' : reached(value, target) ? 'yes' : 'no',
  }));
  console.log(`\n${id}: ${title}`);
  console.log(table(rows));
  mkdirSync('benchmarks/results', { recursive: true });
  const result = { id, title, at: new Date().toISOString(), machine: machine(), figures };
  writeFileSync(`benchmarks/results/${id}.json`, `${JSON.stringify(result, null, 2)}\n`);
}

export function machine(): {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly system: string;
} {
  return {
    cpu: cpus()[0]?.model ?? processorName(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
  };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function reached(value: number, target: NonNullable<Figure['target']>): boolean {
  return target.sense === 'at least' ? value >= target.value : value <= target.value;
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

function table(rows: readonly Readonly<Record<string, string>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => row[name]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [
    line(names),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map((row) => line(names.map((name) => row[name]!))),
  ].join('\n');
}

function processorName(): string {
  return /^model name\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
}
