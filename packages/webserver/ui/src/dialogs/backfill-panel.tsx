import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { BackfillBody, BackfillPreview } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Check } from '../controls/choice-row.tsx';
import { CopyCommand } from '../controls/copy-command.tsx';
import { SidePanel } from '../controls/side-panel.tsx';
import { TaskChips } from '../controls/task-chips.tsx';
import { namesIn } from '../dag/names-in.ts';
import { useAction } from './actions.ts';
import { BackfillReckoning } from './backfill-reckoning.tsx';
import { type BackfillDraft, backfillBody, backfillCommand } from './backfill-request.ts';
import { ConfField } from './conf-field.tsx';

/** Runs a schedule over a range of the past, of all tasks or some. What it would do is counted before the button is live. */
export function BackfillPanel({ dagId: fixed, onClose }: { dagId?: string; onClose: () => void }) {
  const { t } = useTranslation();
  const dags = useQuery({ ...queries.dags({ limit: 500 }), enabled: fixed === undefined });
  const [draft, setDraft] = useState<BackfillDraft>({
    dagId: fixed ?? '',
    start: '',
    end: '',
    reprocess: 'none',
    maxActiveRuns: '4',
    reverse: false,
    unpause: false,
    taskIds: [],
    upstream: false,
    downstream: false,
    conf: null,
  });
  const set = (change: Partial<BackfillDraft>) => setDraft({ ...draft, ...change });
  const { dagId } = draft;
  const dag = useQuery({ ...queries.dag(dagId), enabled: dagId !== '' });
  const form = dag.data?.serialized;
  const names = useMemo(() => namesIn(form), [form]);
  const body = backfillBody(draft);
  const send = (sent: BackfillBody) =>
    answer(client.POST('/dags/{dagId}/backfills', { params: { path: { dagId } }, body: sent }));
  const preview = useQuery({
    queryKey: ['backfillPreview', dagId, body],
    queryFn: async () => (await send({ ...body!, dryRun: true })) as BackfillPreview,
    enabled: body !== null,
    retry: false,
  });
  const create = useAction(() => send(body!), t('backfill.started', { dagId }), onClose);
  return (
    <SidePanel title={fixed ? t('backfill.titleOf', { dagId: fixed }) : t('backfill.new')} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (body && preview.data && !create.isPending) create.mutate(undefined);
        }}
      >
        {fixed ? null : (
          <label>
            DAG
            <select
              className="field"
              required
              value={dagId}
              onChange={(event) => set({ dagId: event.target.value, taskIds: [], conf: null })}
            >
              <option value="" />
              {dags.data?.items.map((dag) => (
                <option key={dag.dagId}>{dag.dagId}</option>
              ))}
            </select>
          </label>
        )}
        <div className="form-row">
          <label>
            {t('backfill.from')}
            <input
              type="date"
              className="field"
              required
              value={draft.start}
              onChange={(event) => set({ start: event.target.value })}
            />
          </label>
          <label>
            {t('backfill.to')}
            <input
              type="date"
              className="field"
              required
              value={draft.end}
              onChange={(event) => set({ end: event.target.value })}
            />
          </label>
        </div>
        <label>
          {t('backfill.reprocess')}
          <select
            className="field"
            value={draft.reprocess}
            onChange={(event) => set({ reprocess: event.target.value as BackfillDraft['reprocess'] })}
          >
            <option value="none">{t('backfill.missing')}</option>
            <option value="failed">{t('backfill.failed')}</option>
            <option value="completed">{t('backfill.all')}</option>
          </select>
        </label>
        <label>
          {t('dag.maxActiveRuns')}
          <input
            type="number"
            min={1}
            className="field"
            value={draft.maxActiveRuns}
            onChange={(event) => set({ maxActiveRuns: event.target.value })}
          />
        </label>
        <div>
          <Check
            label={t('backfill.newestFirst')}
            isOn={draft.reverse}
            onChange={(reverse) => set({ reverse })}
          />
          {dag.data?.isPaused ? (
            <Check
              label={t('trigger.unpause')}
              isOn={draft.unpause}
              onChange={(unpause) => set({ unpause })}
            />
          ) : null}
        </div>
        {dagId === '' ? null : (
          <>
            <TaskChips
              key={dagId}
              label={t('backfill.onlyTasks')}
              any={t('backfill.allTasks')}
              names={names}
              chosen={draft.taskIds}
              onChange={(taskIds) => set({ taskIds })}
            />
            {draft.taskIds.length > 0 ? (
              <div>
                <Check
                  label={t('clear.upstream')}
                  isOn={draft.upstream}
                  onChange={(upstream) => set({ upstream })}
                />
                <Check
                  label={t('clear.downstream')}
                  isOn={draft.downstream}
                  onChange={(downstream) => set({ downstream })}
                />
              </div>
            ) : null}
            {draft.conf === null ? (
              <div className="labelled">
                <span>{t('clear.params')}</span>
                <span className="state-label">
                  <span className="soft">{t('backfill.defaults')}</span>
                  <button
                    type="button"
                    className="button"
                    disabled={!dag.data}
                    onClick={() => set({ conf: JSON.stringify(form?.paramsDefaults ?? {}, null, 2) })}
                  >
                    {t('clear.changeParams')}
                  </button>
                </span>
              </div>
            ) : (
              <ConfField
                label={t('backfill.conf')}
                rows={4}
                text={draft.conf}
                onChange={(conf) => set({ conf })}
              />
            )}
          </>
        )}
        <div aria-live="polite">
          <BackfillReckoning preview={preview} zone={dag.data?.timezone} />
        </div>
        <div className="form-actions">
          <button
            type="submit"
            className="button"
            data-kind="primary"
            disabled={!body || !preview.data || preview.isFetching || create.isPending}
          >
            {preview.data
              ? t('backfill.start', { count: preview.data.toCreate + preview.data.toClear })
              : t('backfill.begin')}
          </button>
          <CopyCommand command={backfillCommand(draft)} />
        </div>
      </form>
    </SidePanel>
  );
}
