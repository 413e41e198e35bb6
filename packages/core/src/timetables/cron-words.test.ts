import { expect, it } from 'vitest';
import { Cron } from './cron.ts';
import { describeCron } from './cron-words.ts';

it.each([
  ['0 3 * * *', '03:00 every day'],
  ['30 6,18 * * *', '06:30 and 18:30 every day'],
  ['* * * * *', 'every minute'],
  ['*/15 * * * *', 'every 15 minutes'],
  ['0 * * * *', 'every hour'],
  ['5 * * * *', 'every hour at minute 5'],
  ['0 */2 * * *', 'every 2 hours'],
  ['0 9-17 * * 1-5', 'every hour from 09:00 to 17:00, on Monday to Friday'],
  ['*/10 8-10 * * *', 'every 10 minutes from 08:00 to 10:59'],
  ['0 3 * * 1,4', '03:00 on Monday and Thursday'],
  ['0 0 1 * *', '00:00 on day 1 of the month'],
  ['0 0 L * *', '00:00 on the last day of the month'],
  ['0 0 1 1 *', '00:00 on day 1 of January'],
  ['0 0 * * fri#2', '00:00 on the second Friday of the month'],
  ['0 0 * 3 5L', '00:00 on the last Friday of the month in March'],
  ['0 0 * 6-8 *', '00:00 every day in June to August'],
  ['0 6 13 * fri', '06:00 on day 13 or Friday'],
])('%s is "%s"', (expression, words) => {
  expect(describeCron(new Cron(expression))).toBe(words);
});
