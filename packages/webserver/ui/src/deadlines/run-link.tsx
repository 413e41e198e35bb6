import { Link } from '@tanstack/react-router';

/** To a run, or to a task of it: `dag / run`, the DAG before it where it is not known already. */
export function RunLink({ dagId, runId, taskId }: { dagId: string; runId: string; taskId?: string | null }) {
  return (
    <Link
      to="/dags/$dagId/runs/$runId"
      params={{ dagId, runId }}
      search={taskId ? { task: taskId } : {}}
      className="run-link"
    >
      <span className="strong">{dagId}</span> <span className="soft">{runId}</span>
    </Link>
  );
}
