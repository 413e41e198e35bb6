import { useTranslation } from 'react-i18next';
import { Dialog } from '../controls/dialog.tsx';
import type { PLACES } from './shortcuts.ts';

/** Every place that has a key. */
const NAMES = {
  h: 'nav.home',
  d: 'nav.dags',
  r: 'nav.runs',
  b: 'nav.backfills',
  a: 'nav.assets',
  l: 'nav.deadlines',
  v: 'nav.variables',
  p: 'nav.pools',
  c: 'nav.connections',
  i: 'nav.importErrors',
} as const satisfies Record<keyof typeof PLACES, string>;

export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const rows: [string, string][] = [
    ['Ctrl K · ⌘ K', t('keys.search')],
    ['/', t('keys.filter')],
    ...Object.entries(NAMES).map(([key, name]): [string, string] => [`g ${key}`, t(name)]),
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
