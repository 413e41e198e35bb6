import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { Connection } from '../api/contract.ts';
import { SidePanel } from '../controls/side-panel.tsx';
import { useAction } from '../dialogs/actions.ts';
import { ConfField } from '../dialogs/conf-field.tsx';
import { parseConf } from '../dialogs/params-form.ts';
import { type ConnectionDraft, draftOf, sentConnection } from './connection-draft.ts';

/** Types that operators and notifiers of tsflow know; any other word is as good. */
const TYPES = ['postgres', 'sqlite', 'http', 'https', 'slack', 'smtp', 'webhook', 'google_cloud'];

/** Makes a connection, or changes one. A secret that is not typed again stays as it was. */
export function ConnectionPanel({
  connection,
  onClose,
}: {
  connection: Connection | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const types = useId();
  const [connectionId, setConnectionId] = useState(connection?.connectionId ?? '');
  const [draft, setDraft] = useState<ConnectionDraft>(draftOf(connection));
  const set = (change: Partial<ConnectionDraft>) => setDraft({ ...draft, ...change });
  const extra = draft.extra === null ? { ok: true as const } : parseConf(draft.extra);
  const save = useAction(
    () =>
      answer(
        client.PUT('/connections/{connectionId}', {
          params: { path: { connectionId } },
          body: sentConnection(draft),
        }),
      ),
    t('connections.saved', { id: connectionId }),
    onClose,
  );
  const text = (name: 'host' | 'port' | 'login' | 'schema' | 'description', label: string) => (
    <label>
      {label}
      <input
        className="field"
        autoComplete="off"
        spellCheck={false}
        inputMode={name === 'port' ? 'numeric' : 'text'}
        value={draft[name]}
        onChange={(event) => set({ [name]: event.target.value })}
      />
    </label>
  );
  return (
    <SidePanel
      title={connection ? t('connections.edit', { id: connection.connectionId }) : t('connections.new')}
      onClose={onClose}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (extra.ok && !save.isPending) save.mutate(undefined);
        }}
      >
        <div className="form-row">
          {connection ? null : (
            <label>
              {t('connections.id')}
              <input
                className="field mono"
                required
                maxLength={250}
                value={connectionId}
                onChange={(event) => setConnectionId(event.target.value)}
              />
            </label>
          )}
          <label>
            {t('runs.type')}
            <input
              className="field"
              required
              list={types}
              pattern="[a-z][a-z0-9_]*"
              value={draft.type}
              onChange={(event) => set({ type: event.target.value })}
            />
            <datalist id={types}>
              {TYPES.map((type) => (
                <option key={type} value={type} />
              ))}
            </datalist>
          </label>
        </div>
        <div className="form-row" data-wide-first>
          {text('host', t('connections.host'))}
          {text('port', t('connections.port'))}
        </div>
        <div className="form-row">
          {text('login', t('connections.login'))}
          <div className="labelled">
            <label>
              {t('connections.passwordField')}
              <input
                className="field"
                type="password"
                autoComplete="new-password"
                placeholder={connection?.hasPassword && draft.password === null ? t('connections.kept') : ''}
                value={draft.password ?? ''}
                onChange={(event) => set({ password: event.target.value })}
              />
            </label>
            {connection?.hasPassword && draft.password === null ? (
              <button
                type="button"
                className="button"
                data-kind="quiet"
                onClick={() => set({ password: '' })}
              >
                {t('connections.dropPassword')}
              </button>
            ) : null}
          </div>
        </div>
        {text('schema', t('connections.schema'))}
        {draft.extra === null ? (
          <div className="labelled">
            <span>{t('connections.extra')}</span>
            <span className="state-label">
              <span className="soft">
                {t('connections.keptExtra', { keys: connection!.extraKeys.join(', ') })}
              </span>
              <button type="button" className="button" onClick={() => set({ extra: '{}' })}>
                {t('connections.replace')}
              </button>
            </span>
          </div>
        ) : (
          <ConfField
            label={t('connections.extra')}
            rows={3}
            text={draft.extra}
            onChange={(next) => set({ extra: next })}
          />
        )}
        {text('description', t('variables.description'))}
        <div className="form-actions">
          <button type="submit" className="button" data-kind="primary" disabled={save.isPending}>
            {t('action.save')}
          </button>
        </div>
        <p className="hint">{t('connections.sealed')}</p>
      </form>
    </SidePanel>
  );
}
