import { chain, DAG, task } from '@tsflow/core';

/** Airflow's cluster that is created, used and deleted, whatever became of the work. */
export default new DAG({ dagId: 'example_setup_teardown' }, () => {
  const create = task('create_cluster', () => 'cluster-1').asSetup();
  const query = task('run_query', (_context, { cluster }) => `rows of ${cluster}`, {
    cluster: create.output,
  });
  const remove = task('delete_cluster', (_context, { cluster }) => cluster, {
    cluster: create.output,
  }).asTeardown({
    setups: create,
  });
  chain(query, remove);
});
