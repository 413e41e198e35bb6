import { useQuery } from '@tanstack/react-query';
import type { TaskInstanceDetail } from '../../api/contract.ts';
import { queries } from '../../api/queries.ts';
import { ChecksList } from '../checks-list.tsx';

/** Why a task is where it is, or what has to be true before it starts. */
export function WhyTab({ task }: { task: TaskInstanceDetail }) {
  const why = useQuery(queries.why(task.dagId, task.runId, task.taskId, task.mapPath));
  return <ChecksList checks={why.data?.items} error={why.error} />;
}
