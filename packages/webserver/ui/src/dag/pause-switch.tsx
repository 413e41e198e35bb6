import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import { errorText } from '../controls/error-notice.tsx';
import { toast } from '../controls/toasts.tsx';

/** Whether the schedule of a DAG is on. Changing it asks the server and shows its answer. */
export function PauseSwitch({ dagId, isPaused }: { dagId: string; isPaused: boolean }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const change = useMutation({
    mutationFn: (next: boolean) =>
      answer(client.PATCH('/dags/{dagId}', { params: { path: { dagId } }, body: { isPaused: next } })),
    onError: (error) => toast('failed', errorText(error, t('error.unreachable'))),
    onSettled: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: ['dags'] }),
        cache.invalidateQueries({ queryKey: ['dag', dagId] }),
      ]),
  });
  const shown = change.isPending ? change.variables : isPaused;
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-checked={!shown}
      aria-label={t('dags.switch', { dagId })}
      title={shown ? t('dags.off') : t('dags.on')}
      disabled={change.isPending}
      onClick={() => change.mutate(!isPaused)}
    />
  );
}
