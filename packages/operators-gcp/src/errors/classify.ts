/**
 * What to do about an error of Google Cloud, by its reason or code. Source of the rows: the error tables of BigQuery, Cloud Storage and
 * Cloud Run, and what the Node clients do and do not retry by themselves.
 */
export type ErrorClass =
  /** The outcome is unknown: send again under the same id; a 409 then means that it went through. */
  | 'transport'
  /** Too fast: back off 1 to 64 s with jitter, honour Retry-After. */
  | 'throttled'
  /** The job failed on the server's side: a new id, counted as infrastructure. */
  | 'server'
  /** Quota or cost: fails at once, with advice. */
  | 'quota'
  /** Fetch a new token once, then it is a user error. */
  | 'credentials'
  /** Cancelled outside. */
  | 'cancelled'
  /** No retry helps. */
  | 'user';

const BY_REASON: Readonly<Record<string, ErrorClass>> = {
  ECONNRESET: 'transport',
  ETIMEDOUT: 'transport',
  EPIPE: 'transport',
  EAI_AGAIN: 'transport',
  rateLimitExceeded: 'throttled',
  userRateLimitExceeded: 'throttled',
  jobRateLimitExceeded: 'throttled',
  backendError: 'server',
  internalError: 'server',
  jobBackendError: 'server',
  jobInternalError: 'server',
  badGateway: 'server',
  tableUnavailable: 'server',
  quotaExceeded: 'quota',
  billingNotEnabled: 'quota',
  bytesBilledLimitExceeded: 'quota',
  billingTierLimitExceeded: 'quota',
  responseTooLarge: 'quota',
  resourcesExceeded: 'quota',
  stopped: 'cancelled',
  invalid: 'user',
  invalidQuery: 'user',
  notFound: 'user',
  accessDenied: 'user',
  duplicate: 'user',
  blocked: 'user',
};

const BY_STATUS: Readonly<Record<number, ErrorClass>> = {
  400: 'user',
  401: 'credentials',
  403: 'user',
  404: 'user',
  408: 'transport',
  409: 'user',
  429: 'throttled',
  500: 'server',
  502: 'transport',
  503: 'transport',
  504: 'transport',
};

/** An error as the Google clients and REST replies carry it. */
export interface CloudError {
  /** HTTP status as a number, or Node's error code as text. */
  readonly code?: number | string | undefined;
  readonly message?: string | undefined;
  readonly errors?: readonly { readonly reason?: string | undefined }[] | undefined;
  readonly reason?: string | undefined;
}

/** Reason first, since it is the more exact one; then code, then what a message gives away. Unknown errors are the user's. */
export function classifyError(error: CloudError): ErrorClass {
  const reasons = [error.reason, ...(error.errors ?? []).map(({ reason }) => reason), error.code];
  for (const reason of reasons) {
    const found = typeof reason === 'string' ? BY_REASON[reason] : undefined;
    if (found !== undefined) return found;
  }
  const byStatus = BY_STATUS[Number(error.code)];
  if (byStatus !== undefined) return byStatus;
  const message = error.message ?? '';
  if (/socket hang up/i.test(message)) return 'transport';
  return /exceeded rate limits/i.test(message) ? 'throttled' : 'user';
}
