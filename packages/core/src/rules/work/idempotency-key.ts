/**
 * Under which key something is asked for once, however often it is tried. Who asks is the first word of the key, and people have a word of
 * their own: whatever they give as a key, it is none that a scheduler or a task uses.
 */
export type IdempotencyKey = InternalKey | AskedKey;

/** Of what schedulers tell each other, and of what a task makes elsewhere. */
export type InternalKey = `${InternalWord}:${string}`;

type InternalWord =
  | 'asset_event'
  | 'asset_fan_out'
  | 'asset_look'
  | 'event_of_task'
  | 'report'
  | 'request_run'
  | 'run_of_task'
  | 'watch'
  | 'watch_answer';

/** Of a person, or of a program outside: `--idempotency-key`, `assets post --id`, the header `Idempotency-Key`. */
export type AskedKey = `asked:${string}`;

export const askedKey = (given: string): AskedKey => `asked:${given}`;

/** The key as whoever gave it knows it. */
export const keyAsGiven = (key: IdempotencyKey): string => key.replace(/^asked:/, '');
