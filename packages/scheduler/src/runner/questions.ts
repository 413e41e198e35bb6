import { type SerializedError, TsflowError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import type { AboutAttempt, RunnerMessage, SchedulerMessage } from '../task-api/protocol.ts';
import type { AttemptQuestion } from './task-context.ts';

interface OpenQuestion {
  readonly question: RunnerMessage;
  resolve(value: Json | undefined): void;
  reject(error: Error): void;
}

/** What attempts asked the scheduler and have no answer to yet. */
export class Questions {
  readonly #send: (question: RunnerMessage) => void;
  readonly #open = new Map<number, OpenQuestion>();
  #lastSeq = 0;

  constructor(send: (question: RunnerMessage) => void) {
    this.#send = send;
  }

  /** Resolves with the answer; rejects with a {@link RefusedQuestionError}. */
  ask({ attemptId, grantNumber }: AboutAttempt, asked: AttemptQuestion): Promise<Json | undefined> {
    const seq = ++this.#lastSeq;
    const question = { ...asked, attemptId, grantNumber, seq } as RunnerMessage;
    return new Promise((resolve, reject) => {
      this.#open.set(seq, { question, resolve, reject });
      this.#send(question);
    });
  }

  /** After a reconnect: nobody there knows of them. */
  askAgain(): void {
    for (const { question } of this.#open.values()) this.#send(question);
  }

  settle(answer: Extract<SchedulerMessage, { verb: 'reply' | 'reply_error' }>): void {
    const open = this.#open.get(answer.seq);
    this.#open.delete(answer.seq);
    if (answer.verb === 'reply') open?.resolve(answer.value);
    else open?.reject(new RefusedQuestionError(answer.error));
  }
}

/** What the scheduler answered to a question of a task: why it has no answer. */
export class RefusedQuestionError extends TsflowError {
  constructor({ name, code, message }: SerializedError) {
    super(code ?? 'refused_question', message);
    this.name = name;
  }
}
