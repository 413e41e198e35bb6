import { Variable } from '@tsflow/core';

// Wrong: the default of a Variable has another type than the Variable.
export const limit = Variable.number('limit', { default: '4' });
