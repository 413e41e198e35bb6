import { DAG, expandGroup, task } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_group_element' }, () => {
  expandGroup('each', { table: ['users', 'orders'] }, ({ table }) => {
    // Wrong: the element of a mapped group has another type than the input asks for.
    task('rows', (_context, { n }: { n: number }) => n, { n: table });
  });
});
