import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Caller, Role } from '../auth/role.ts';
import type { WebServices } from '../web-services.ts';

/**
 * One endpoint of the API, as data: what the guard checks, what is validated, what the OpenAPI document says and who answers. Every
 * endpoint is an entry of one table (`route-table.ts`), and there is no other way to register one.
 */
export interface Route {
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
  /** Status and schema of a success. No schema: no JSON. */
  readonly answer: Answer;
  /** Further successes: 202 when no scheduler is there to answer. */
  readonly otherAnswers?: readonly Answer[];
  handle(input: AnyInput, services: WebServices): Promise<Reply>;
}

export interface Answer {
  readonly status: number;
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Media type of an answer that is not JSON. */
  readonly mediaType?: string;
}

/** What a handler returns: a JSON body, nothing, or a stream that it writes itself. */
export type Reply =
  | { readonly status: number; readonly body: unknown }
  | { readonly stream: (request: Request, response: Response) => void | Promise<void> };

export interface Input<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  readonly request: Request;
  readonly response: Response;
}

type AnyInput = Input<never, never, never>;

/** The empty input of a route without that part. */
type InputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

interface RouteDefinition<
  Params extends z.ZodObject | undefined,
  Query extends z.ZodObject | undefined,
  Body extends z.ZodType | undefined,
> extends Omit<Route, 'params' | 'query' | 'body' | 'handle'> {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  handle(input: Input<InputOf<Params>, InputOf<Query>, InputOf<Body>>, services: WebServices): Promise<Reply>;
}

/** Writes a route down with the types of its parts tied to its handler. */
export function route<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(definition: RouteDefinition<Params, Query, Body>): Route {
  return definition as unknown as Route;
}

/** A JSON answer of a known shape: the schema is the contract that the compiler holds `body` against. */
export function json<Schema extends z.ZodType>(_schema: Schema, body: z.input<Schema>, status = 200): Reply {
  return { status, body };
}

/** An answer that says nothing but "done". */
export const noContent: Reply = { status: 204, body: undefined };
