import { useQuery } from '@tanstack/react-query';
import type { Role } from '../api/contract.ts';
import { queries } from '../api/queries.ts';

/** Whether the person signed in has this role or a higher one. Only for showing buttons: the server decides. */
export function useMayWrite(least: Role = 'Operator'): boolean {
  const me = useQuery(queries.me());
  return me.data !== undefined && RANKS.indexOf(me.data.role) >= RANKS.indexOf(least);
}

const RANKS: readonly Role[] = ['Viewer', 'Operator', 'Editor', 'Admin'];
