import type { ClearBody } from '../api/contract.ts';
import { shellWord } from '../controls/copy-command.tsx';

/** Which task instances an action is about: REST's words for it, and the flags of the CLI. */
export type TaskScope = Pick<
  ClearBody,
  | 'taskIds'
  | 'mapPath'
  | 'upstream'
  | 'downstream'
  | 'from'
  | 'upTo'
  | 'onlyFailed'
  | 'past'
  | 'future'
  | 'sameVersion'
>;

/** The scope without what nobody chose, as it is sent. */
export function sentScope(scope: TaskScope): TaskScope {
  return Object.fromEntries(
    Object.entries(scope).filter(([, value]) => value !== undefined && value !== false && value !== ''),
  );
}

/** The words of a scope behind `tsflow tasks clear DAG RUN`. */
export function scopeWords(scope: TaskScope): string[] {
  const named = (name: keyof typeof VALUES) => (scope[name] ? [VALUES[name], shellWord(scope[name])] : []);
  return [
    ...(scope.taskIds ?? []).map(shellWord),
    ...named('mapPath'),
    ...named('from'),
    ...named('upTo'),
    ...(Object.keys(FLAGS) as (keyof typeof FLAGS)[])
      .filter((flag) => scope[flag])
      .map((flag) => FLAGS[flag]),
  ];
}

const VALUES = { mapPath: '--map-path', from: '--from', upTo: '--up-to' } as const;

const FLAGS = {
  upstream: '--upstream',
  downstream: '--downstream',
  onlyFailed: '--only-failed',
  past: '--past',
  future: '--future',
  sameVersion: '--same-version',
} as const;
