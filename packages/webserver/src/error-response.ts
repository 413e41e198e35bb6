import { ConflictError, TsflowError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import type { Logger } from '@tsflow/core/logger';
import type { ErrorRequestHandler, Response } from 'express';
import { statusOf, TooManyRequestsError } from './http-errors.ts';
import { InvalidRequestError } from './routes/invalid-request.ts';

/** The body of every answer that is not a success. */
export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    /** Also in the header X-Request-Id and in the server's log. */
    readonly requestId: string;
    readonly facts?: JsonObject;
  };
}

/**
 * Answers with what went wrong. Errors of ours say so in words; anything else is a 500 that tells only the request's id, and the
 * log has the rest.
 */
export function errorResponse(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const { status, code, message, facts } = describeError(error);
    const requestId = String(response.locals.requestId);
    if (status >= 500) {
      logger.error('A request failed.', { requestId, method: request.method, path: request.path, error });
    }
    // Half an answer cannot be taken back: closing the connection is how its reader learns that it is not whole.
    if (response.headersSent) {
      next(error);
      return;
    }
    if (error instanceof TooManyRequestsError) response.set('Retry-After', String(error.retryAfterSeconds));
    sendError(response, status, { code, message, ...(facts === undefined ? {} : { facts }) });
  };
}

export function sendError(
  response: Response,
  status: number,
  error: Omit<ErrorBody['error'], 'requestId'>,
): void {
  const body: ErrorBody = { error: { ...error, requestId: String(response.locals.requestId) } };
  response.status(status).json(body);
}

interface Description {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly facts?: JsonObject;
}

/** What an answer says of an error. Status 500 says nothing of it: that is for the log. */
export function describeError(error: unknown): Description {
  if (error instanceof TsflowError) {
    const status = statusOf(error);
    if (status < 500) {
      const facts = factsOf(error);
      return { status, code: error.code, message: error.message, ...(facts === undefined ? {} : { facts }) };
    }
  } else {
    const refused = refusedByParser(error);
    if (refused !== null) return refused;
  }
  return {
    status: 500,
    code: 'internal_error',
    message: 'The server failed to answer. Its log has the details under this request id.',
  };
}

function factsOf(error: TsflowError): JsonObject | undefined {
  if (error instanceof ConflictError && Object.keys(error.facts).length > 0) return error.facts;
  if (error instanceof InvalidRequestError) return error.facts;
  return undefined;
}

/** Errors of Express and its body parser carry a status, and a `type` that is stable. */
function refusedByParser(error: unknown): Description | null {
  if (!(error instanceof Error)) return null;
  const { status, type } = error as { status?: unknown; type?: unknown };
  if (status === 413) {
    return { status, code: 'payload_too_large', message: 'The body is larger than this request may have.' };
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const message = type === 'entity.parse.failed' ? 'The body is not JSON.' : 'The request is malformed.';
    return { status: 400, code: 'invalid_input', message };
  }
  return null;
}
