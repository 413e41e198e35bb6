import { DAG, Operator, type TaskContext } from '@tsflow/core';

class Greet extends Operator<string, { name: string }> {
  static override readonly fields = { name: 'template' } as const;
  execute(_context: TaskContext, { name }: { name: string }): string {
    return `Hello, ${name}.`;
  }
}

export default new DAG({ dagId: 'missing_field' }, () => {
  // Wrong: a field that the operator needs is left out.
  new Greet({ taskId: 'greet' });
});
