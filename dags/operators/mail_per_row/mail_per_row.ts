import { DAG, EmailOperator, expandGroup, SqlOperator, task } from '@tsflow/core';
import { z } from 'zod';
import { EXAMPLES_DB, EXAMPLES_MAIL, example } from '../../shared/example.ts';
import { startServices } from '../../shared/example-services.ts';
import { reminder, User } from './reminder.ts';

// A query, and a mail for each of its rows over a threshold: Digdag's `for_each>` over `pg>`, with `mail>`.

export default new DAG(
  {
    ...example,
    dagId: 'mail_per_row',
    description: 'Reminds everybody who owes more than the threshold',
    params: z.object({ threshold: z.number().default(50).describe('EUR from which somebody is reminded') }),
    tags: ['example', 'operators'],
  },
  ({ params }) => {
    const query = new SqlOperator({ taskId: 'query', connectionId: EXAMPLES_DB, sqlFile: './users.sql' });
    const over = task(
      'over',
      (_context, { result, threshold }) =>
        User.array()
          .parse(result.rows)
          .filter(({ amount }) => amount > threshold),
      { result: query.output, threshold: params.threshold },
    );
    const reminders = expandGroup('remind', { user: over.output }, ({ user }) => {
      new EmailOperator({
        taskId: 'mail',
        connectionId: EXAMPLES_MAIL,
        to: user.map(({ email }) => email),
        subject: user.map(({ amount }) => `${amount} EUR are open`),
        text: user.map(reminder),
      });
    });
    startServices().before(reminders);
    return { over };
  },
);
