import { DAG, task } from '@tsflow/core';

export default new DAG({ dagId: 'hello', schedule: '0 3 * * *', timezone: 'Asia/Tokyo' }, () => {
  const greet = task('greet', ({ ds }) => `Good morning, it is ${ds}`);
  task('print', ({ log }, { text }) => log.info(text), { text: greet.output });
});
