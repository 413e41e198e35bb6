import { Link } from '@tanstack/react-router';

/** To the page of a DAG, from a line of a list that has one. */
export function DagLink({ dagId }: { dagId: string }) {
  return (
    <Link to="/dags/$dagId" params={{ dagId }} className="strong">
      {dagId}
    </Link>
  );
}
