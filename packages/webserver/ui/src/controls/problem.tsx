import type { ReactNode } from 'react';
import { StateIcon } from '../state/state-icon.tsx';

/** What is wrong with the field above it. */
export function Problem({ children }: { children: ReactNode }) {
  return (
    <span className="problem">
      <StateIcon state="failed" size={12} /> {children}
    </span>
  );
}
