import {
  ConflictError,
  errorMessage,
  InvalidInputError,
  NotFoundError,
  TsflowError,
} from '@tsflow/core/errors';
import { InvalidParamsError } from '@tsflow/core/params';
import { InvalidScheduleError } from '@tsflow/core/timetables';

/** Whether an error says that what was asked cannot be done, as opposed to that doing it went wrong. */
export function isRefusal(error: unknown): error is TsflowError {
  return REFUSALS.some((refusal) => error instanceof refusal);
}

const REFUSALS = [InvalidInputError, NotFoundError, ConflictError, InvalidParamsError, InvalidScheduleError];

/** What who asked is told of something that cannot be carried out. */
export function asRefusal(error: unknown): TsflowError {
  if (isRefusal(error)) return error;
  return new TsflowError('internal_error', `tsflow failed to carry it out: ${errorMessage(error)}.`);
}
