import { useQuery } from '@tanstack/react-query';
import { queries } from '../api/queries.ts';
import { DueLabel } from './due-label.tsx';

/** In the head of a run: the deadline that matters now. The next one to come; else the one that was missed; met ones need no mark. */
export function DeadlineMark({ dagId, runId }: { dagId: string; runId: string }) {
  const deadlines = useQuery(queries.runDeadlines(dagId, runId));
  const items = deadlines.data?.items ?? [];
  const shown =
    items.find(({ state }) => state === 'waiting') ?? items.find(({ state }) => state === 'missed');
  if (!shown) return null;
  return (
    <span className="soft state-label">
      <span className="faint">{shown.name}</span>
      <DueLabel deadline={shown} />
    </span>
  );
}
