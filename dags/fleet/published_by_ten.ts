import { alerts, chain, DAG, email, slack, task, webhook } from '@tsflow/core';
import { EXAMPLES_HOOK, EXAMPLES_MAIL, EXAMPLES_SLACK, example } from '../shared/example.ts';
import { startServices } from '../shared/example-services.ts';

// Who is told of what: a failure that no retry mended, the recovery, a deadline that passed while the run goes on.

const channel = slack({
  connectionId: EXAMPLES_SLACK,
  text: '{{ dagId }}: {{ event }} of {{ deadline.name if deadline else taskId }}',
});

export default new DAG(
  {
    ...example,
    dagId: 'published_by_ten',
    description: 'Deadlines and callbacks: a channel, a mail and a webhook',
    schedule: '0 3 * * *',
    timezone: 'Asia/Tokyo',
    defaultArgs: { retries: 1, retryDelay: '1s', ...alerts(channel, ['failure', 'recovered']) },
    deadlines: [
      { name: 'published', task: 'publish', by: '10:00', onMiss: channel },
      {
        name: 'whole_run',
        within: '12h',
        onMiss: email({ to: 'owner@example.com', connectionId: EXAMPLES_MAIL }),
      },
    ],
    onFailure: webhook({ connectionId: EXAMPLES_HOOK }),
  },
  () => {
    const measure = task('measure', ({ tryNumber }) => {
      if (tryNumber === 1) throw new Error('The first try fails, which pages nobody.');
      return 42;
    });
    chain(
      startServices(),
      measure,
      task('publish', (_context, { value }) => value, { value: measure.output }),
    );
  },
);
