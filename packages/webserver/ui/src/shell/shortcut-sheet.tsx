import { useTranslation } from 'react-i18next';
import { Dialog } from '../controls/dialog.tsx';

export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const rows: [string, string][] = [
    ['Ctrl K · ⌘ K', t('keys.search')],
    ['/', t('keys.filter')],
    ['g h', t('nav.home')],
    ['g d', t('nav.dags')],
    ['g r', t('nav.runs')],
    ['g b', t('nav.backfills')],
    ['g v', t('nav.variables')],
    ['g i', t('nav.importErrors')],
    ['← ↑ ↓ →', t('keys.grid')],
    ['Enter', t('keys.open')],
    ['+ − 0', t('keys.zoom')],
    ['Ctrl F · n · N', t('keys.log')],
    ['Esc', t('keys.close')],
  ];
  return (
    <Dialog
      title={t('keys.title')}
      onClose={onClose}
      footer={
        <button type="button" className="button" onClick={onClose}>
          {t('action.close')}
        </button>
      }
    >
      <dl className="shortcut-list">
        {rows.map(([keys, text]) => (
          <div key={keys} style={{ display: 'contents' }}>
            <dt>
              <kbd className="kbd">{keys}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
