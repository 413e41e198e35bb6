import { TsflowError } from '@tsflow/core/errors';

/**
 * What the shell learns from a command. Scripts build on these numbers:
 * 0 it was done, 1 a run failed or the operation was refused, 2 the command line or the configuration is wrong,
 * 3 the answer is still out: nothing could be reached, or the request waits for a scheduler.
 */
export const EXIT_CODES = { ok: 0, failed: 1, usage: 2, pending: 3 } as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

export const EXIT_CODES_HELP = `Exit codes:
  0  done; every run that was waited for succeeded
  1  a run failed, or the operation was refused
  2  the command line or the configuration is wrong
  3  not reachable, or the request waits for a scheduler`;

/** Thrown when a command did what it could and the answer is still out: a request waits, a server does not answer. */
export class PendingError extends TsflowError {
  constructor(message: string, options?: ErrorOptions) {
    super('pending', message, options);
  }
}

/** Thrown when a command cannot be carried out as things are. The message says what to do. */
export class CommandRefusedError extends TsflowError {
  constructor(message: string, options?: ErrorOptions) {
    super('refused', message, options);
  }
}

/** The exit code that goes with something thrown. */
export function exitCodeOf(thrown: unknown): ExitCode {
  const code = (thrown as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && USAGE.has(code)) return EXIT_CODES.usage;
  if (typeof code === 'string' && NO_ANSWER.has(code)) return EXIT_CODES.pending;
  return EXIT_CODES.failed;
}

/** Codes of what whoever called has to put right: an argument, a setting, the address of a server. */
const USAGE: ReadonlySet<string> = new Set(['invalid_input', 'server_not_trusted', 'not_tsflow']);

/** Codes of a request that waits, and of a database or a server that does not answer (ours and Node's). */
const NO_ANSWER: ReadonlySet<string> = new Set([
  'pending',
  'server_unreachable',
  'database_unavailable',
  'database_busy',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EAI_AGAIN',
]);
