import { DAG, task } from '@tsflow/core';

export default new DAG({ dagId: 'date_is_text' }, () => {
  const newest = task('newest', () => ({ at: new Date() }));
  // Wrong: values travel as JSON, so a Date arrives as a string.
  task('year', (_context, { row }) => row.at.getFullYear(), { row: newest.output });
});
