import { serializeError } from '@tsflow/core/errors';
import type { SchedulerMessage } from '../../task-api/protocol.ts';
import type { TaskQuestion } from '../executor.ts';

/** The message that answers a question of a runner, or says why there is no answer. */
export async function answerTo(
  question: TaskQuestion,
  ask: (question: TaskQuestion) => Promise<unknown>,
): Promise<SchedulerMessage> {
  const { seq } = question;
  try {
    return { verb: 'reply', seq, value: (await ask(question)) as never };
  } catch (error) {
    // Without a stack: the task sees its own, and ours tells it nothing.
    const { stack: _stack, ...plain } = serializeError(error);
    return { verb: 'reply_error', seq, error: plain };
  }
}
