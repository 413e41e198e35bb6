import { DAG, DurableOperator, JobFailedError, type TaskContext, task } from '@tsflow/core';
import { EXAMPLES_API, example } from '../shared/example.ts';
import { startServices } from '../shared/example-services.ts';

// A job in another system: named, submitted once, asked after without a slot, taken over after any crash, cancelled with the task.

type Job = { readonly id: string };

class CountWords extends DurableOperator<Job, number, { text: string }> {
  static override readonly fields = { ...DurableOperator.fields, text: 'template' } as const;

  /** Before it exists it has a name, so a second submission is the same job. */
  name({ dagId, taskId, attemptId }: TaskContext): Job {
    return { id: `${dagId}-${taskId}-${attemptId}` };
  }

  async submit(context: TaskContext, { id }: Job, { text }: { text: string }): Promise<void> {
    const answer = await ask(context, 'PUT', id, { text });
    if (!answer.ok && answer.status !== 409) throw new Error(`The job was refused with ${answer.status}.`);
  }

  async poll(context: TaskContext, { id }: Job) {
    const job = (await (await ask(context, 'GET', id)).json()) as { state: string; words: number };
    if (job.state === 'cancelled') throw new JobFailedError('Somebody cancelled the job.');
    return job.state === 'done' ? { done: job.words } : ('running' as const);
  }

  async cancel(context: TaskContext, { id }: Job): Promise<void> {
    await ask(context, 'DELETE', id);
  }
}

async function ask({ connections, signal }: TaskContext, method: string, id: string, body?: object) {
  const { host, port } = await connections.get(EXAMPLES_API);
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  return fetch(`http://${host}:${port}/jobs/${id}`, { method, signal, ...init });
}

export default new DAG(
  {
    ...example,
    dagId: 'durable_job',
    description: 'Submits a job to another system and waits for it without a slot',
    tags: ['example', 'operators'],
  },
  () => {
    const count = new CountWords({
      taskId: 'count',
      text: 'words of {{ ds }} to count',
      pollInterval: '1s',
      retries: 2,
      retryDelay: '10s',
    });
    startServices().before(count);
    const report = task('report', (_context, { words }) => `${words} words`, { words: count.output });
    return { count, report };
  },
);
