import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { Limit, Pool } from '../api/contract.ts';
import { Check } from '../controls/choice-row.tsx';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { SidePanel } from '../controls/side-panel.tsx';
import { useAction } from '../dialogs/actions.ts';
import { draftedLimit, limitDraft, limitWords } from './limit-draft.ts';
import { LimitField } from './limit-field.tsx';

/** Makes a pool, or changes one: it counts within a second. */
export function PoolPanel({ pool, onClose }: { pool: Pool | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(pool?.name ?? '');
  const [draft, setDraft] = useState(limitDraft(pool?.limit));
  const [description, setDescription] = useState(pool?.description ?? '');
  const [includeDeferred, setIncludeDeferred] = useState(pool?.includeDeferred ?? false);
  const limit = draftedLimit(draft);
  const save = useAction(
    (slots: Limit) =>
      answer(
        client.PUT('/pools/{name}', {
          params: { path: { name } },
          body: { slots, description: description || null, includeDeferred },
        }),
      ),
    t('pools.saved', { name }),
    onClose,
  );
  const command = [
    'tsflow pools set',
    shellWord(name || 'POOL'),
    ...(description ? [`--description ${shellWord(description)}`] : []),
    ...(includeDeferred ? ['--include-deferred'] : []),
    ...limitWords(limit ?? 4),
  ].join(' ');
  return (
    <SidePanel title={pool ? t('pools.edit', { name: pool.name }) : t('pools.new')} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending && limit !== null) save.mutate(limit);
        }}
      >
        {pool ? null : (
          <label>
            {t('pools.name')}
            <input
              className="field mono"
              required
              maxLength={250}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
        )}
        <LimitField draft={draft} used={pool?.used ?? 0} onChange={setDraft} />
        <label>
          {t('variables.description')}
          <input
            className="field"
            maxLength={1000}
            value={description}
            onChange={(event) => setDescription(event.target.value)}
          />
        </label>
        <Check label={t('pools.includeDeferred')} isOn={includeDeferred} onChange={setIncludeDeferred} />
        <div className="form-actions">
          <button
            type="submit"
            className="button"
            data-kind="primary"
            disabled={save.isPending || limit === null}
          >
            {t('action.save')}
          </button>
          <CopyCommand command={command} />
        </div>
      </form>
    </SidePanel>
  );
}
