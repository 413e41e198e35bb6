import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import { Check } from '../controls/choice-row.tsx';
import { shellWord } from '../controls/copy-command.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { useAction } from './actions.ts';
import { DialogActions } from './dialog-actions.tsx';

/** Moves tasks that wait for a slot to the front or back: a weight that counts from now on, or their own again. */
export function PrioritizeDialog({
  dagId,
  runId,
  taskIds,
  weight,
  onClose,
}: {
  dagId: string;
  runId: string;
  /** None: every task of the run that has not ended. */
  taskIds?: string[];
  /** The one it has now. */
  weight?: number;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(String(weight ?? 100));
  const [isOwn, setOwn] = useState(false);
  const isNumber = /^-?\d+$/.test(text);
  const save = useAction(
    () =>
      answer(
        client.POST('/dags/{dagId}/runs/{runId}/priority', {
          params: { path: { dagId, runId } },
          body: { ...(taskIds ? { taskIds } : {}), priorityWeight: isOwn ? null : Number(text) },
        }),
      ),
    t('priority.done'),
    onClose,
  );
  const command = [
    'tsflow tasks prioritize',
    shellWord(dagId),
    shellWord(runId),
    ...(taskIds ?? []).map(shellWord),
    isOwn ? '--reset' : `--weight ${text}`,
  ].join(' ');
  return (
    <Dialog
      title={taskIds ? t('priority.titleTasks', { tasks: taskIds.join(', ') }) : t('priority.titleRun')}
      onClose={onClose}
      footer={
        <DialogActions
          command={command}
          confirm={t('priority.confirm')}
          kind="primary"
          form="priority"
          isDisabled={save.isPending || (!isOwn && !isNumber)}
          onClose={onClose}
        />
      }
    >
      <form
        id="priority"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(undefined);
        }}
      >
        <p className="soft">{t('priority.text')}</p>
        <label>
          {t('priority.weight')}
          <input
            className="field"
            inputMode="numeric"
            autoFocus
            disabled={isOwn}
            aria-invalid={!isOwn && !isNumber}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <Check label={t('priority.own')} isOn={isOwn} onChange={setOwn} />
      </form>
    </Dialog>
  );
}
