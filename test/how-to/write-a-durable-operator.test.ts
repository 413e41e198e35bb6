import { DAG, DurableOperator, JobFailedError, type TaskContext, task } from '@tsflow/core';
import { fakeHttp, runDag, startDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

const api = 'https://jobs.example.com/jobs';

type Job = { readonly id: string };
interface QueryFields {
  readonly sql: string;
}

/** A query in a warehouse that is paid by the query: exactly one is ever submitted for a task. */
class Query extends DurableOperator<Job, number, QueryFields> {
  static override readonly fields = { ...DurableOperator.fields, sql: 'template' } as const;

  name({ dagId, taskId, attemptId }: TaskContext): Job {
    return { id: `${dagId}-${taskId}-${attemptId}` };
  }

  async submit({ signal }: TaskContext, { id }: Job, { sql }: QueryFields): Promise<void> {
    const answer = await fetch(`${api}/${id}`, { method: 'PUT', body: sql, signal });
    // 409: it was submitted before, and whoever did that could not say so any more.
    if (!answer.ok && answer.status !== 409) throw new Error(`The job was refused with ${answer.status}.`);
  }

  async poll({ signal }: TaskContext, { id }: Job) {
    const job = (await (await fetch(`${api}/${id}`, { signal })).json()) as { state: string; rows: number };
    if (job.state === 'failed') throw new JobFailedError('The warehouse gave the job up.');
    return job.state === 'done' ? { done: job.rows } : ('running' as const);
  }

  async cancel(_context: TaskContext, { id }: Job): Promise<void> {
    await fetch(`${api}/${id}`, { method: 'DELETE' });
  }
}

const warehouse = new DAG({ dagId: 'warehouse', defaultArgs: { retries: 2, retryDelay: '1m' } }, () => {
  const query = new Query({ taskId: 'query', sql: "select '{{ ds }}'", pollInterval: '30s' });
  task('report', (_context, { rows }) => `${rows} rows`, { rows: query.output });
});

/** The other system: jobs by id, each done after so many questions. */
function fakeWarehouse(options: { readonly dies?: boolean; readonly runs?: number } = {}) {
  const jobs = new Map<string, number>();
  const cancelled: string[] = [];
  let dies = options.dies ?? false;
  const http = fakeHttp({
    'PUT /jobs/:id': ({ params }) => {
      const id = params.id!;
      if (jobs.has(id)) return new Response('', { status: 409 });
      jobs.set(id, 0);
      if (dies) {
        dies = false;
        // Submitted, and the answer is lost.
        throw new Error('ECONNRESET');
      }
      return { id };
    },
    'GET /jobs/:id': ({ params }) => {
      const asked = jobs.get(params.id!)! + 1;
      jobs.set(params.id!, asked);
      return { state: asked < (options.runs ?? 3) ? 'running' : 'done', rows: 7 };
    },
    'DELETE /jobs/:id': ({ params }) => {
      cancelled.push(params.id!);
      return '';
    },
  });
  return { http, jobs, cancelled };
}

// biome-ignore format: a table
test.each([
  // what happens                            options           tries   jobs
  ['all goes well',                          {},               1,      1],
  ['the answer to the submission is lost',   { dies: true },   2,      1],
] as const)('%s: one job, and its rows', async (_what, options, tries, count) => {
  const { http, jobs } = fakeWarehouse(options);
  const run = await runDag(warehouse, { http });
  expect(run.assertSucceeded().output('report')).toBe('7 rows');
  expect([run.tries.query, jobs.size]).toEqual([tries, count]);
});

test('killing the task cancels the job', async () => {
  const { http, jobs, cancelled } = fakeWarehouse({ runs: 1_000 });
  await using played = await startDag(warehouse, { http });
  const runId = await played.trigger();
  await played.advance('5m');
  await played.ask({ kind: 'kill', payload: { runId } });
  (await played.finished(runId)).assertFailed();
  expect(cancelled).toEqual([...jobs.keys()]);
});
