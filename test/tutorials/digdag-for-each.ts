import { DAG, forEach, when } from '@tsflow/core';
import { z } from 'zod';

/** Digdag's `for_each>` over two lists, one pair after the other, and `if>` on a param. */
export default new DAG(
  { dagId: 'for_each', params: z.object({ param: z.boolean().default(true) }) },
  ({ task, params }) => {
    forEach('repeat', ['apple', 'orange'], ({ item: fruit }) =>
      forEach('verbs', ['eat', 'throw'], ({ item: verb }) =>
        task('echo', (_context, inputs) => `${inputs.verb} ${inputs.fruit}`, { fruit, verb }),
      ),
    );
    const said = when('run_if_param_is_true', params.param, {
      do: () => task('echo_true', () => 'true == true'),
      else: () => task('echo_false', () => 'false == false'),
    });
    return { said };
  },
);
