import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { PostedAssetEvent } from '../api/contract.ts';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { useAction } from '../dialogs/actions.ts';
import { ConfField } from '../dialogs/conf-field.tsx';
import { parseConf } from '../dialogs/params-form.ts';
import { StateIcon } from '../state/state-icon.tsx';

/** Says that an asset is new, as a system outside would. One click or two, it is one event (idempotency key). */
export function PostEventForm({ name }: { name: string }) {
  const { t } = useTranslation();
  const [partition, setPartition] = useState('');
  const [extraText, setExtraText] = useState('{}');
  const [posted, setPosted] = useState<PostedAssetEvent | null>(null);
  const key = useRef(crypto.randomUUID());
  const extra = parseConf(extraText);
  const post = useAction(
    async () => {
      const answered = await answer(
        client.POST('/assets/{name}/events', {
          params: { path: { name } },
          headers: { 'Idempotency-Key': key.current },
          body: { ...(extra.ok ? { extra: extra.conf } : {}), ...(partition ? { partition } : {}) },
        }),
      );
      setPosted(answered);
      key.current = crypto.randomUUID();
      return answered;
    },
    t('assets.posted', { name }),
  );
  const command = [
    'tsflow assets post',
    shellWord(name),
    ...(extra.ok && Object.keys(extra.conf).length > 0
      ? [`--extra ${shellWord(JSON.stringify(extra.conf))}`]
      : []),
    ...(partition ? [`--partition ${shellWord(partition)}`] : []),
  ].join(' ');
  return (
    <details className="post-event">
      <summary>{t('assets.post')}</summary>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (extra.ok && !post.isPending) post.mutate(undefined);
        }}
      >
        <label>
          {t('assets.partition')}
          <input
            className="field"
            maxLength={250}
            placeholder="2026-01-31"
            value={partition}
            onChange={(event) => setPartition(event.target.value)}
          />
        </label>
        <ConfField label={t('assets.extra')} rows={3} text={extraText} onChange={setExtraText} />
        <div className="form-actions">
          <button type="submit" className="button" data-kind="primary" disabled={post.isPending || !extra.ok}>
            {t('assets.postButton')}
          </button>
          <CopyCommand command={command} />
        </div>
        <ul className="posted" aria-live="polite">
          {posted?.consumers.map(({ dagId, state }) => (
            <li key={dagId} className="state-label">
              <StateIcon
                state={state === 'run' ? 'success' : state === 'ignored' ? 'skipped' : 'scheduled'}
                size={13}
              />
              {t(`assets.became.${state}`, { dagId })}
            </li>
          ))}
          {posted?.consumers.length === 0 ? <li className="soft">{t('assets.noConsumers')}</li> : null}
        </ul>
      </form>
    </details>
  );
}
