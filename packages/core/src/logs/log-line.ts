import type { Json, JsonObject } from '../json.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Who said it: the task's own log, what it printed, or tsflow itself. A task cannot write a line of another source. */
export type LogSource = 'task' | 'stdout' | 'stderr' | 'system';

/** One line of an attempt's log, as it stands in its segment. */
export interface LogLine {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly level: LogLevel;
  readonly source: LogSource;
  readonly message: string;
  readonly attemptId: number;
  /** Facts beside the message. */
  readonly fields?: JsonObject;
}

/** Longest message of one line, in characters; the rest is cut and counted. A 100 MB line must not be held in memory. */
export const MAX_MESSAGE_LENGTH = 64 * 1024;

/** `message` at a length that a line may have, saying how much is missing. */
export function cutMessage(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH ? message : cutText(message, message.length);
}

/** A text that goes on: `length` is how long it is as a whole. */
export function cutText(beginning: string, length: number): string {
  const kept = beginning.slice(0, MAX_MESSAGE_LENGTH);
  return `${kept}… (${Math.max(0, length - kept.length)} more characters were cut)`;
}

/** Whether a line of `level` passes a reader who asked for `least` and above. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}

/** The facts of a log call as JSON: what JSON cannot carry becomes text, an error its message. Never throws. */
export function logFields(fields: Readonly<Record<string, unknown>>): JsonObject {
  const seen = new WeakSet<object>();
  try {
    const text = JSON.stringify(fields, (_key, value: unknown) => {
      if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
        return String(value);
      if (value instanceof Error) return `${value.name}: ${value.message}`;
      if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
      if (typeof value === 'object' && value !== null) {
        if (seen.has(value)) return '(seen above)';
        seen.add(value);
      }
      return value;
    });
    if (text.length > MAX_MESSAGE_LENGTH) return { cut: cutMessage(text) };
    return JSON.parse(text) as { readonly [key: string]: Json };
  } catch (error) {
    return { unreadable: String(error) };
  }
}

/** A line of a segment. One that a crash left unreadable is shown as it is. */
export function parseLogLine(text: string, attemptId: number): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { at: new Date(0).toISOString(), level: 'warn', source: 'system', message: text, attemptId };
  }
}
