import { serializeError } from '@tsflow/core/errors';
import type { LogFields, Logger } from '@tsflow/core/logger';
import { createLogger, format, transports, type Logger as Winston } from 'winston';

export interface ProcessLogger extends Logger {
  /** Resolves when every line has left this process: `process.exit` into a pipe loses what is still on its way. */
  close(): Promise<void>;
}

/** The log of a process, on `stream`: a line for people, or with `json` one JSON object per line. */
export function createProcessLogger(options: {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly json: boolean;
  readonly stream: NodeJS.WritableStream;
}): ProcessLogger {
  const winston = createLogger({
    level: options.level,
    format: format.combine(format.timestamp(), options.json ? jsonLine() : textLine()),
    transports: [new transports.Stream({ stream: options.stream })],
  });
  return {
    ...loggerOver(winston),
    async close() {
      await new Promise<void>((resolve) => {
        winston.once('finish', resolve);
        winston.end();
      });
      await new Promise<void>((resolve) => options.stream.write('', () => resolve()));
    },
  };
}

function loggerOver(winston: Winston, bound: LogFields = {}): Logger {
  const log = (level: string) => (message: string, fields?: LogFields) => {
    winston.log({ level, message, fields: plain({ ...bound, ...fields }) });
  };
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (fields) => loggerOver(winston, { ...bound, ...fields }),
  };
}

/** Errors have no enumerable members: as they are, they would be logged as `{}`. */
function plain(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? serializeError(value) : value,
    ]),
  );
}

interface Line {
  readonly timestamp: string;
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

function textLine() {
  return format.printf((info) => {
    const { timestamp, level, message, fields } = info as unknown as Line;
    const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${asText(value)}`);
    return `${timestamp} ${level.padEnd(5)} ${message}${facts.join('')}`;
  });
}

function jsonLine() {
  return format.printf((info) => {
    const { timestamp, level, message, fields } = info as unknown as Line;
    return JSON.stringify({ at: timestamp, level, message, ...fields });
  });
}

/** Errors by their message and place, text as it is when it has no spaces, the rest as JSON: one line in any case. */
function asText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === 'object' && value !== null && 'stack' in value) return JSON.stringify(value.stack);
  return JSON.stringify(value) ?? String(value);
}
