import { DAG, expand, shortCircuit, task } from '@tsflow/core';

/** Digdag's `for_each>` over two lists, and `if>` around a task: every pair of them is a task of its own. */
export default new DAG({ dagId: 'for_each' }, () => {
  const eat = task('eat', (_context, { fruit, verb }) => `${verb} ${fruit}`, {
    fruit: expand(['apple', 'orange']),
    verb: expand(['eat', 'throw']),
  });
  const isHungry = shortCircuit('if_hungry', (_context, { all }) => all.length > 4, { all: eat.output });
  task('more', () => 'more').after(isHungry);
  return { eat };
});
