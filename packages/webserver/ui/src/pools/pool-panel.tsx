import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { Pool } from '../api/contract.ts';
import { Check } from '../controls/choice-row.tsx';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { SidePanel } from '../controls/side-panel.tsx';
import { useAction } from '../dialogs/actions.ts';

/** Makes a pool, or changes one: it counts within a second. */
export function PoolPanel({ pool, onClose }: { pool: Pool | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(pool?.name ?? '');
  const [slots, setSlots] = useState(pool && pool.slots >= 0 ? String(pool.slots) : '4');
  const [isUnlimited, setUnlimited] = useState(pool !== undefined && pool.slots < 0);
  const [description, setDescription] = useState(pool?.description ?? '');
  const [includeDeferred, setIncludeDeferred] = useState(pool?.includeDeferred ?? false);
  const isNumber = /^\d+$/.test(slots);
  const sent = isUnlimited ? -1 : Number(slots);
  const save = useAction(
    () =>
      answer(
        client.PUT('/pools/{name}', {
          params: { path: { name } },
          body: { slots: sent, description: description || null, includeDeferred },
        }),
      ),
    t('pools.saved', { name }),
    onClose,
  );
  const command = [
    'tsflow pools set',
    shellWord(name || 'POOL'),
    ...(sent < 0 ? ['--', '-1'] : [String(sent)]),
    ...(description ? [`--description ${shellWord(description)}`] : []),
    ...(includeDeferred ? ['--include-deferred'] : []),
  ].join(' ');
  return (
    <SidePanel title={pool ? t('pools.edit', { name: pool.name }) : t('pools.new')} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending && (isUnlimited || isNumber)) save.mutate(undefined);
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
        <label>
          {t('pools.slots')}
          <input
            className="field"
            inputMode="numeric"
            required={!isUnlimited}
            disabled={isUnlimited}
            aria-invalid={!isUnlimited && !isNumber}
            value={slots}
            onChange={(event) => setSlots(event.target.value)}
          />
          {pool && !isUnlimited && isNumber && Number(slots) < pool.used ? (
            <span className="hint">{t('pools.drains', { used: pool.used })}</span>
          ) : null}
        </label>
        <Check label={t('pools.noLimit')} isOn={isUnlimited} onChange={setUnlimited} />
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
          <button type="submit" className="button" data-kind="primary" disabled={save.isPending}>
            {t('action.save')}
          </button>
          <CopyCommand command={command} />
        </div>
      </form>
    </SidePanel>
  );
}
