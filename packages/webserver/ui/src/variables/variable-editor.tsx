import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { Variable } from '../api/contract.ts';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { errorText } from '../controls/error-notice.tsx';
import { StateIcon } from '../state/state-icon.tsx';

/** A value in its place: Enter saves, Esc leaves it; what the server refuses is said under the field. */
export function VariableEditor({ variable, onClose }: { variable: Variable; onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(textOf(variable));
  const save = useSave(variable.key, onClose);
  const { schema } = variable;
  return (
    <form
      className="variable-editor"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ value: sentValue(text, variable), isSecret: variable.isSecret });
      }}
    >
      <input
        className="field mono"
        aria-label={t('variables.valueOf', { key: variable.key })}
        aria-invalid={save.isError}
        type={variable.isSecret ? 'password' : 'text'}
        inputMode={schema?.type === 'integer' || schema?.type === 'number' ? 'decimal' : 'text'}
        autoComplete="off"
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && !event.nativeEvent.isComposing && onClose()}
      />
      <button type="submit" className="button" data-kind="primary" disabled={save.isPending}>
        {t('action.save')}
      </button>
      <button type="button" className="button" onClick={onClose}>
        {t('action.cancel')}
      </button>
      <CopyCommand
        command={`tsflow variables set ${shellWord(variable.key)} ${variable.isSecret ? '…' : shellWord(text)}`}
      />
      <span className="problem" role="alert">
        {save.isError ? (
          <>
            <StateIcon state="failed" size={12} /> {errorText(save.error, t('error.unreachable'))}
          </>
        ) : null}
      </span>
      {schema ? (
        <span className="hint">
          {[
            schema.type,
            schema.min !== undefined && schema.min !== null ? `≥ ${schema.min}` : null,
            schema.max !== undefined && schema.max !== null ? `≤ ${schema.max}` : null,
            schema.default !== undefined
              ? `${t('variables.default')} ${JSON.stringify(schema.default)}`
              : null,
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      ) : null}
    </form>
  );
}

/** A line above the table for a Variable that is not there yet. */
export function NewVariable({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [key, setKey] = useState('');
  const [text, setText] = useState('');
  const [description, setDescription] = useState('');
  const [isSecret, setSecret] = useState(false);
  const save = useSave(key, onClose);
  return (
    <form
      className="toolbar"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ value: parsed(text), isSecret, ...(description ? { description } : {}) });
      }}
    >
      <input
        className="field mono"
        required
        autoFocus
        aria-label={t('variables.key')}
        placeholder={t('variables.key')}
        value={key}
        onChange={(event) => setKey(event.target.value)}
      />
      <input
        className="field mono"
        type={isSecret ? 'password' : 'text'}
        autoComplete="off"
        aria-label={t('variables.value')}
        placeholder={t('variables.value')}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <input
        className="field"
        aria-label={t('variables.description')}
        placeholder={t('variables.description')}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      <label className="state-label">
        <input type="checkbox" checked={isSecret} onChange={(event) => setSecret(event.target.checked)} />
        {t('variables.secret')}
      </label>
      <button type="submit" className="button" data-kind="primary" disabled={save.isPending}>
        {t('action.save')}
      </button>
      <button type="button" className="button" onClick={onClose}>
        {t('action.cancel')}
      </button>
      <span className="problem" role="alert">
        {save.isError ? errorText(save.error, t('error.unreachable')) : null}
      </span>
    </form>
  );
}

function useSave(key: string, onDone: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: { value: unknown; description?: string; isSecret?: boolean }) =>
      answer(client.PUT('/variables/{key}', { params: { path: { key } }, body })),
    onSuccess: async () => {
      onDone();
      await Promise.all(
        ['variables', 'variableHistory', 'info'].map((name) => cache.invalidateQueries({ queryKey: [name] })),
      );
    },
  });
}

function textOf(variable: Variable): string {
  if (variable.isSecret || variable.value === null) return '';
  return typeof variable.value === 'string' ? variable.value : JSON.stringify(variable.value);
}

/** A text stays a text when the Variable was one; anything else is read as JSON, and what is no JSON goes to the server as typed. */
function sentValue(text: string, variable: Variable): unknown {
  return typeof variable.value === 'string' && !variable.schema ? text : parsed(text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
