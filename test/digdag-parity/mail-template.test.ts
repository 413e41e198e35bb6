import { DAG, EmailOperator, expandGroup, SqlOperator, task } from '@tsflow/core';
import { fakeDatabase, fakeMail, runDag } from '@tsflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';

/** `for_each>` over a query, and `mail>` with a template for those over a threshold. */
const User = z.object({ name: z.string(), amount: z.number() });
const dag = new DAG(
  { dagId: 'mails', params: z.object({ threshold: z.number().default(50) }) },
  ({ params }) => {
    const query = new SqlOperator({
      taskId: 'query',
      connectionId: 'db',
      sql: 'select name, amount from users',
    });
    const over = task(
      'over',
      (_context, { rows, threshold }) =>
        User.array()
          .parse(rows.rows)
          .filter(({ amount }) => amount > threshold),
      { rows: query.output, threshold: params.threshold },
    );
    expandGroup('each', { user: over.output }, ({ user }) => {
      new EmailOperator({
        taskId: 'mail',
        to: user.map(({ name }) => `${name}@example.com`),
        subject: 'Bill of {{ ds }}, over {{ params.threshold }}',
        text: user.map(({ name, amount }) => `Dear ${name}: ${amount}`),
      });
    });
  },
);

// biome-ignore format: a table
test.each([
  // threshold   mails
  [50,           ['Dear ann: 120', 'Dear eve: 80']],
  [100,          ['Dear ann: 120']],
  [0,            ['Dear ann: 120', 'Dear bob: 20', 'Dear eve: 80']],
  [200,          []],
])('over %i', async (threshold, texts) => {
  const mail = fakeMail();
  const db = fakeDatabase(`create table users (name text, amount integer);
    insert into users values ('ann', 120), ('bob', 20), ('eve', 80)`);
  const connections = { db, smtp_default: mail };
  const run = await runDag(dag, { connections, conf: { threshold }, logicalDate: '2026-03-01' });
  run.assertSucceeded();
  expect(mail.sent.map(({ text }) => text).sort()).toEqual(texts);
  for (const { subject } of mail.sent) expect(subject).toBe(`Bill of 2026-03-01, over ${threshold}`);
});
