import { TsflowError } from '@tsflow/core/errors';
import type { components, paths } from '@tsflow/webserver/openapi';
import createClient, { type Client } from 'openapi-fetch';
import { PendingError } from '../exit-code.ts';

/** Every endpoint of the REST API, with the types of its OpenAPI document. */
export type ApiClient = Client<paths>;

/** The words of the API by their names in the OpenAPI document. */
export type Schemas = components['schemas'];

/** Brings a request to where it is answered. */
export type Transport = (request: Request) => Promise<Response>;

export function createApi(baseUrl: string, transport: Transport): ApiClient {
  return createClient<paths>({ baseUrl, fetch: transport });
}

/** Thrown when a request is refused. Code and message are those of whoever refused it. */
export class RefusedRequestError extends TsflowError {
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(code, message);
    this.status = status;
  }
}

/**
 * What was answered. Throws {@link RefusedRequestError} in the words of the answer, and {@link PendingError} when the request is kept and
 * waits for a scheduler.
 */
export async function answerOf<T>(
  asked: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Exclude<T, Schemas['PendingIntent']>> {
  const { data, error, response } = await asked;
  if (!response.ok) throw refusal(response.status, error);
  if (response.status === 202) throw new PendingError((data as Schemas['PendingIntent']).message);
  return data as Exclude<T, Schemas['PendingIntent']>;
}

/** The same, and null for what does not exist. */
export async function answerIfAny<T>(asked: Parameters<typeof answerOf<T>>[0]) {
  try {
    return await answerOf(asked);
  } catch (thrown) {
    if (thrown instanceof RefusedRequestError && thrown.code === 'not_found') return null;
    throw thrown;
  }
}

/** The body of an answer that is no success; null when it is not one of ours. */
export function errorOf(body: unknown): Schemas['Error']['error'] | null {
  const error = (body as Partial<Schemas['Error']> | null | undefined)?.error;
  return typeof error?.code === 'string' && typeof error.message === 'string' ? error : null;
}

function refusal(status: number, body: unknown): RefusedRequestError {
  const error = errorOf(body);
  if (error === null) return new RefusedRequestError(status, 'error', `The answer was ${status}.`);
  const where = status >= 500 && error.requestId !== '' ? ` (request ${error.requestId})` : '';
  return new RefusedRequestError(status, error.code, error.message + where);
}
