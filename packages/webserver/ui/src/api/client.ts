import createClient from 'openapi-fetch';
import type { paths } from '../../../src/generated/openapi.ts';
import { basePath } from '../browser/page-placeholders.ts';
import type { ErrorBody } from './contract.ts';

/** Where the REST API lives. */
export const apiRoot = `${basePath}/api/v1`;

export const client = createClient<paths>({
  baseUrl: `${location.origin}${apiRoot}`,
  credentials: 'same-origin',
});

/** Thrown when the server refuses a request or cannot be reached. Says what the server said. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly facts: Record<string, unknown>;

  constructor(status: number, body: ErrorFacts) {
    super(body.message);
    this.name = 'ApiError';
    this.status = status;
    this.code = body.code;
    this.requestId = body.requestId ?? null;
    this.facts = body.facts ?? {};
  }
}

/** What an error body says; a network failure has no request to name. */
type ErrorFacts = Omit<ErrorBody['error'], 'requestId'> & { requestId?: string };

/** The data of an answer, or an {@link ApiError}. A network failure has status 0. */
export async function answer<T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await request.catch((cause: unknown) => {
    throw new ApiError(0, {
      code: 'unreachable',
      message: cause instanceof Error ? cause.message : String(cause),
    });
  });
  if (response.ok) return data as T;
  throw new ApiError(response.status, errorOf(error, response));
}

function errorOf(error: unknown, response: Response): ErrorFacts {
  if (typeof error === 'object' && error !== null && 'error' in error) return (error as ErrorBody).error;
  return { code: `http_${response.status}`, message: `${response.status} ${response.statusText}`.trim() };
}
