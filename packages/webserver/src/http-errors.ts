import { type SerializedError, TsflowError } from '@tsflow/core/errors';

/** Thrown when a request needs a person or a token behind it and has none. */
export class UnauthenticatedError extends TsflowError {
  constructor(message = 'Log in, or send an API token as "Authorization: Bearer …".') {
    super('unauthenticated', message);
  }
}

/** Thrown when whoever asks is known, but may not do this. */
export class ForbiddenError extends TsflowError {
  constructor(message: string) {
    super('forbidden', message);
  }
}

/** Thrown when somebody asks too often. */
export class TooManyRequestsError extends TsflowError {
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super('too_many_requests', message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Thrown when no page and no resource has the path that was asked for. */
export class NoSuchPathError extends TsflowError {
  constructor(path: string) {
    super('no_such_path', `Nothing is served at ${path}.`);
  }
}

/** Thrown when a body is not JSON, where only JSON is read: browsers can send anything else across origins. */
export class UnsupportedMediaTypeError extends TsflowError {
  constructor() {
    super('unsupported_media_type', 'Send the body as "Content-Type: application/json".');
  }
}

/** Thrown when the scheduler refused what somebody asked of a DAG. Code and message are the scheduler's. */
export class RefusedIntentError extends TsflowError {
  /** @param result `{ "error": SerializedError }`, as the intent's row has it */
  constructor(result: unknown) {
    const error = (result as { error?: Partial<SerializedError> } | null)?.error;
    super(error?.code ?? 'conflict', error?.message ?? 'The scheduler refused this without saying why.');
  }
}

/** Thrown when the port of the web server is in use. */
export class PortTakenError extends TsflowError {
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number) {
    super(
      'port_taken',
      `Port ${port} on ${host} is in use by another process. Stop it, or choose another port (TSFLOW_PORT or --port).`,
    );
    this.host = host;
    this.port = port;
  }
}

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  invalid_input: 400,
  invalid_params: 400,
  content_refused: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  no_such_path: 404,
  conflict: 409,
  illegal_transition: 409,
  compare_and_set: 409,
  unsupported_media_type: 415,
  too_many_requests: 429,
};

/** The HTTP status of an error of ours; 500 for those that are nobody's fault outside. */
export function statusOf(error: TsflowError): number {
  return STATUS_BY_CODE[error.code] ?? (error instanceof RefusedIntentError ? 409 : 500);
}
