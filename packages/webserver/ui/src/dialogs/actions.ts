import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { PendingIntent } from '../api/contract.ts';
import { errorText } from '../controls/error-notice.tsx';
import { toast } from '../controls/toasts.tsx';

/** An action on a DAG's runs: says what became of it, and brings what it may have changed up to date. */
export function useAction<T>(action: (input: T) => Promise<unknown>, done: string, after?: () => void) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: action,
    onSuccess: (answered) => {
      toast('success', isPending(answered) ? answered.message : done);
      after?.();
    },
    onError: (error) => toast('failed', errorText(error, t('error.unreachable'))),
    onSettled: () =>
      Promise.all(CHANGED_BY_ACTIONS.map((name) => cache.invalidateQueries({ queryKey: [name] }))),
  });
}

/** With no scheduler running, what was asked for waits; the server says so. */
export function isPending(answered: unknown): answered is PendingIntent {
  return typeof answered === 'object' && answered !== null && 'intentId' in answered;
}

const CHANGED_BY_ACTIONS = [
  'run',
  'runTasks',
  'gantt',
  'grid',
  'task',
  'why',
  'runs',
  'dags',
  'events',
  'timeline',
  'backfills',
  'dag',
  'nextRuns',
  'pools',
  'poolTasks',
  'connections',
  'assets',
  'asset',
];
