import { Link } from '@tanstack/react-router';

/** To a run, or to a task of it: `dag / run`, the DAG before it where it is not known already. */
export function RunLink({
  dagId,
  runId,
  taskId,
  mapPath,
}: {
  dagId: string;
  runId: string;
  taskId?: string | null;
  mapPath?: string;
}) {
  return (
    <Link
      to="/dags/$dagId/runs/$runId"
      params={{ dagId, runId }}
      search={taskId ? { task: taskId, ...(mapPath ? { map: mapPath } : {}) } : {}}
      className="run-link"
    >
      <span className="strong">{dagId}</span> <span className="soft">{runId}</span>
    </Link>
  );
}
