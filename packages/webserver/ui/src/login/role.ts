import { useQuery } from '@tanstack/react-query';
import { queries } from '../api/queries.ts';

/** Whether the person signed in may change anything. Only for showing buttons: the server decides. */
export function useMayWrite(): boolean {
  const me = useQuery(queries.me());
  return me.data?.role.toLowerCase() !== 'viewer';
}
