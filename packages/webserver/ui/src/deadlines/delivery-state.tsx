import type { ReactNode } from 'react';
import type { Alert, Callback } from '../api/contract.ts';
import { StateIcon } from '../state/state-icon.tsx';

/** Whether something that people are told by has reached them: as the shape of a task's state, with its own word. */
export function DeliveryState({
  state,
  children,
}: {
  state: Alert['state'] | Callback['state'];
  children: ReactNode;
}) {
  return (
    <span className="state-label">
      <StateIcon state={ICONS[state]} size={13} />
      {children}
    </span>
  );
}

const ICONS: Readonly<Record<Alert['state'] | Callback['state'], string>> = {
  pending: 'queued',
  sent: 'success',
  success: 'success',
  failed: 'failed',
};
