import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { StateIcon } from '../state/state-icon.tsx';
import { IconButton } from './icon-button.tsx';

interface Toast {
  readonly id: number;
  readonly kind: 'success' | 'failed';
  readonly text: string;
}

const SHOWN_MS = 6_000;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

/** Says for six seconds what became of an action; a failure stays until it is closed. */
export function toast(kind: Toast['kind'], text: string): void {
  const id = nextId++;
  set([...toasts.slice(-3), { id, kind, text }]);
  if (kind === 'success') setTimeout(() => set(toasts.filter((each) => each.id !== id)), SHOWN_MS);
}

export function ToastArea() {
  const { t } = useTranslation();
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toast-area" role="status" aria-live="polite">
      {shown.map((each) => (
        <div key={each.id} className="toast">
          <StateIcon state={each.kind} />
          <span className="grow">{each.text}</span>
          <IconButton
            icon="close"
            label={t('action.close')}
            onClick={() => set(toasts.filter((other) => other.id !== each.id))}
          />
        </div>
      ))}
    </div>
  );
}

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}
