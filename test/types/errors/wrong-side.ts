import { DAG, match, task } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_side' }, () => {
  // Wrong: a function chooses a side that is not there.
  match('mode', () => 'week', { all: () => task('all', () => 1), day: () => task('day', () => 2) });
});
