import type { Schemas } from '../door/api.ts';

/** `2026-11-21T06:00:00.000Z info  message key=value`; what tsflow itself says is marked, as is what went to stderr. */
export function readable(line: Schemas['LogLine']): string {
  const source = line.source === 'task' || line.source === 'stdout' ? '' : `[${line.source}] `;
  const facts = Object.entries(line.fields ?? {}).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${line.at} ${line.level.padEnd(5)} ${source}${line.message}${facts.join('')}`;
}
