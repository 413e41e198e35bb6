import type { Limit } from '../api/contract.ts';
import { shellWord } from '../controls/copy-command.tsx';
import { parseConf } from '../dialogs/params-form.ts';

/** What the form of a limit holds: a number, none, or what it follows. What is not chosen is kept, for whoever comes back to it. */
export interface LimitDraft {
  readonly kind: 'number' | 'none' | 'variable' | 'plan';
  readonly slots: string;
  readonly variable: string;
  /** Without the Variable. */
  readonly fallback: string;
  /** JSON. */
  readonly plan: string;
}

const EMPTY: LimitDraft = {
  kind: 'number',
  slots: '4',
  variable: '',
  fallback: '4',
  plan: JSON.stringify(
    { default: 4, windows: [{ cron: '0 22 * * *', for: '8h', value: 20 }], timezone: 'UTC' },
    null,
    2,
  ),
};

const WHOLE = /^\d{1,9}$/;

/** A form for a limit that is there, or for a new one. */
export function limitDraft(limit: Limit | undefined): LimitDraft {
  if (limit === undefined) return EMPTY;
  if (typeof limit === 'number')
    return limit < 0 ? { ...EMPTY, kind: 'none' } : { ...EMPTY, slots: String(limit) };
  if ('variable' in limit)
    return { ...EMPTY, kind: 'variable', variable: limit.variable, fallback: String(limit.default) };
  return { ...EMPTY, kind: 'plan', plan: JSON.stringify(limit, null, 2) };
}

/** The limit as REST takes it; null while something is missing. What a plan must be, the server knows. */
export function draftedLimit({ kind, slots, variable, fallback, plan }: LimitDraft): Limit | null {
  if (kind === 'none') return -1;
  if (kind === 'number') return WHOLE.test(slots) ? Number(slots) : null;
  if (kind === 'variable')
    return variable !== '' && WHOLE.test(fallback) ? { variable, default: Number(fallback) } : null;
  const parsed = parseConf(plan);
  return parsed.ok && 'windows' in parsed.conf ? (parsed.conf as Limit) : null;
}

/** The words of a limit behind `tsflow pools set NAME`. */
export function limitWords(limit: Limit): string[] {
  if (typeof limit === 'number') return limit < 0 ? ['--', String(limit)] : [String(limit)];
  if ('variable' in limit) return [shellWord(`variable:${limit.variable}=${limit.default}`)];
  return [shellWord(JSON.stringify(limit))];
}
