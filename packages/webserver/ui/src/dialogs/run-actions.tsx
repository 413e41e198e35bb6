import { Menu } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import type { Run } from '../api/contract.ts';
import { shellWord } from '../controls/copy-command.tsx';
import { Icon } from '../controls/icon.tsx';
import { useMayWrite } from '../login/role.ts';
import { useAction } from './actions.ts';
import { ClearDialog } from './clear-dialog.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { PrioritizeDialog } from './prioritize-dialog.tsx';
import { TriggerPanel } from './trigger-panel.tsx';

/** What may be done with a whole run. */
export function RunActions({ run }: { run: Run }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<'clear' | 'kill' | 'priority' | 'success' | 'failed' | 'again' | null>(
    null,
  );
  const close = () => setOpen(null);
  const mayWrite = useMayWrite();
  const path = { dagId: run.dagId, runId: run.runId };
  const mark = useAction(
    (state: 'success' | 'failed') =>
      answer(client.PATCH('/dags/{dagId}/runs/{runId}', { params: { path }, body: { state } })),
    t('mark.runDone'),
    close,
  );
  const kill = useAction(
    () => answer(client.POST('/dags/{dagId}/runs/{runId}/kill', { params: { path }, body: {} })),
    t('kill.done'),
    close,
  );
  if (!mayWrite) return null;
  const isOpen = run.state === 'running' || run.state === 'queued';
  return (
    <div className="actions">
      <button type="button" className="button" onClick={() => setOpen('clear')}>
        <Icon name="clear" size={14} /> {t('clear.button')}
      </button>
      {isOpen ? (
        <button type="button" className="button" onClick={() => setOpen('kill')}>
          <Icon name="stop" size={14} /> {t('kill.button')}
        </button>
      ) : null}
      <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <button type="button" className="button" aria-label={t('action.more')}>
            <Icon name="more" size={14} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpen('again')}>{t('trigger.again')}</Menu.Item>
          {isOpen ? <Menu.Item onClick={() => setOpen('priority')}>{t('priority.button')}</Menu.Item> : null}
          <Menu.Item onClick={() => setOpen('success')}>{t('mark.success')}</Menu.Item>
          <Menu.Item onClick={() => setOpen('failed')}>{t('mark.failed')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'clear' ? <ClearDialog {...path} onClose={close} /> : null}
      {open === 'priority' ? <PrioritizeDialog {...path} onClose={close} /> : null}
      {open === 'again' ? <TriggerPanel dagId={run.dagId} conf={run.conf ?? {}} onClose={close} /> : null}
      {open === 'kill' ? (
        <ConfirmDialog
          title={t('kill.titleRun')}
          text={t('kill.textRun')}
          confirm={t('kill.confirm')}
          command={`tsflow tasks kill ${shellWord(run.dagId)} ${shellWord(run.runId)}`}
          isPending={kill.isPending}
          onConfirm={() => kill.mutate(undefined)}
          onClose={close}
        />
      ) : null}
      {open === 'success' || open === 'failed' ? (
        <ConfirmDialog
          title={t('mark.titleRun', { state: t(`state.${open}`) })}
          text={t('mark.textRun')}
          confirm={t('mark.confirm')}
          isPending={mark.isPending}
          onConfirm={() => mark.mutate(open)}
          onClose={close}
        />
      ) : null}
    </div>
  );
}
