import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Caller, Role } from '../auth/role.ts';
import type { ApiServices, WebServices } from '../web-services.ts';

/**
 * One endpoint of the API, as data: what the guard checks, what is validated, what the OpenAPI document says and who answers. Every
 * endpoint is an entry of one table (`route-table.ts`), and there is no other way to register one.
 */
export type Route = ContentRoute | HttpRoute;

/** An endpoint that needs no more than the content of a request: the command line asks it in its own process too. */
export interface ContentRoute extends RouteFacts {
  readonly over: 'any';
  handle(input: AnyInput, services: ApiServices): Promise<Content>;
}

/** An endpoint that is about the connection itself: cookies, streams, downloads. */
export interface HttpRoute extends RouteFacts {
  readonly over: 'http';
  handle(input: AnyInput & Exchange, services: WebServices): Promise<Reply>;
}

interface RouteFacts {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/api/v1`, in OpenAPI's form: `/dags/{dagId}`. */
  readonly path: string;
  /** First sentence of its documentation. */
  readonly summary: string;
  /** Least role that may use it. `open`: nobody has to be logged in. */
  readonly access: Role | 'open';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Whether the same `Idempotency-Key` twice is one request. */
  readonly takesIdempotencyKey?: true;
  /** Status and schema of a success. No schema: no JSON. */
  readonly answer: Answer;
  /** Further successes: 202 when no scheduler is there to answer. */
  readonly otherAnswers?: readonly Answer[];
}

export interface Answer {
  readonly status: number;
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Media type of an answer that is not JSON. */
  readonly mediaType?: string;
}

/** What a handler returns: a JSON body, or nothing. */
export interface Content {
  readonly status: number;
  readonly body: unknown;
}

/** Over HTTP also a stream that it writes itself. */
export type Reply =
  | Content
  | { readonly stream: (request: Request, response: Response) => void | Promise<void> };

export interface Input<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  /** The same key twice is one request. */
  readonly idempotencyKey: string | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

interface Exchange {
  readonly request: Request;
  readonly response: Response;
}

type AnyInput = Input<never, never, never>;

/** The empty input of a route without that part. */
type InputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

interface Definition<
  Params extends z.ZodObject | undefined,
  Query extends z.ZodObject | undefined,
  Body extends z.ZodType | undefined,
> extends Omit<RouteFacts, 'params' | 'query' | 'body'> {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
}

/** Writes a route down with the types of its parts tied to its handler. */
export function route<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  definition: Definition<Params, Query, Body> & {
    handle(
      input: Input<InputOf<Params>, InputOf<Query>, InputOf<Body>>,
      services: ApiServices,
    ): Promise<Content>;
  },
): Route {
  return { over: 'any', ...definition } as Route;
}

/** The same for a route that is about its connection. */
export function httpRoute<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  definition: Definition<Params, Query, Body> & {
    handle(
      input: Input<InputOf<Params>, InputOf<Query>, InputOf<Body>> & Exchange,
      services: WebServices,
    ): Promise<Reply>;
  },
): Route {
  return { over: 'http', ...definition } as Route;
}

/** A JSON answer of a known shape: the schema is the contract that the compiler holds `body` against. */
export function json<Schema extends z.ZodType>(
  _schema: Schema,
  body: z.input<Schema>,
  status = 200,
): Content {
  return { status, body };
}

/** An answer that says nothing but "done". */
export const noContent: Content = { status: 204, body: undefined };
