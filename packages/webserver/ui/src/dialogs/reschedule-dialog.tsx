import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { DagDetail, RescheduleBody, Rescheduled } from '../api/contract.ts';
import { dateText } from '../clock/instant.tsx';
import { shellWord } from '../controls/copy-command.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useAction } from './actions.ts';
import { DialogActions } from './dialog-actions.tsx';

const SHOWN = 50;

/** Passes over the next runs of a schedule, or makes the next one now; which dates get no run is said before. */
export function RescheduleDialog({
  dag,
  asked,
  onClose,
}: {
  dag: DagDetail;
  asked: RescheduleBody;
  onClose: () => void;
}) {
  const { t, i18n } = useTranslation();
  const [count, setCount] = useState(String(asked.skip ?? 1));
  const isNumber = /^[1-9]\d{0,3}$/.test(count);
  const body: RescheduleBody = asked.skip === undefined ? asked : { skip: Number(count) };
  const { dagId, timezone } = dag;
  const send = (dryRun: boolean) =>
    answer(
      client.POST('/dags/{dagId}/reschedule', { params: { path: { dagId } }, body: { ...body, dryRun } }),
    );
  const plan = useQuery({
    queryKey: ['reschedulePlan', dagId, body],
    queryFn: async () => (await send(true)) as Rescheduled,
    enabled: asked.skip === undefined || isNumber,
    staleTime: 0,
    retry: false,
  });
  const change = useAction(() => send(false), t('schedule.done'), onClose);
  const date = (at: string) => dateText(Date.parse(at), timezone, i18n.language);
  const skipped = plan.data?.skipped ?? [];
  return (
    <Dialog
      title={t(asked.runNow ? 'schedule.runNowTitle' : 'schedule.skipTitle', { dagId })}
      onClose={onClose}
      footer={
        <DialogActions
          command={commandOf(dagId, body)}
          confirm={asked.runNow ? t('schedule.runNow') : t('schedule.skipConfirm', { count: skipped.length })}
          kind={asked.runNow ? 'primary' : 'danger'}
          isDisabled={!plan.data || plan.isFetching || change.isPending}
          onConfirm={() => change.mutate(undefined)}
          onClose={onClose}
        />
      }
    >
      <div className="form">
        {asked.skip === undefined ? null : (
          <label>
            {t('schedule.howMany')}
            <input
              className="field"
              inputMode="numeric"
              autoFocus
              aria-invalid={!isNumber}
              value={count}
              onChange={(event) => setCount(event.target.value)}
            />
          </label>
        )}
        {asked.runNow ? <p className="soft">{t('schedule.runNowText')}</p> : null}
        {plan.isError ? <ErrorNotice error={plan.error} /> : null}
        {plan.data ? (
          <div aria-live="polite">
            {skipped.length > 0 ? (
              <>
                <p className="strong">{t('schedule.noRunFor', { count: skipped.length, zone: timezone })}</p>
                <div className="selection-list" tabIndex={0} role="group" aria-label={t('clear.list')}>
                  <ul>
                    {skipped.slice(0, SHOWN).map((at) => (
                      <li key={at}>
                        <StateIcon state="skipped" size={13} />
                        {date(at)}
                      </li>
                    ))}
                  </ul>
                  {skipped.length > SHOWN ? (
                    <p className="faint">{t('clear.more', { count: skipped.length - SHOWN })}</p>
                  ) : null}
                </div>
              </>
            ) : null}
            <p className="soft">
              {plan.data.next === null
                ? t('schedule.noNext')
                : t('schedule.nextIs', { date: date(plan.data.next), zone: timezone })}
            </p>
          </div>
        ) : null}
      </div>
    </Dialog>
  );
}

function commandOf(dagId: string, { skip, skipTo }: RescheduleBody): string {
  const what =
    skip !== undefined
      ? `--skip ${skip}`
      : skipTo !== undefined
        ? `--skip-to ${shellWord(skipTo)}`
        : '--run-now';
  return `tsflow dags reschedule ${shellWord(dagId)} ${what}`;
}
