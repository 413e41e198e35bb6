import type { z } from 'zod';
import type { Json } from '../json.ts';

/** The params of a DAG as its author declares them: a zod object. Fields with a default may be left out by who triggers. */
export type ParamsSchema = z.ZodObject;

/** The params as a task sees them: checked, with defaults filled in. */
export type ParamsOf<Schema extends ParamsSchema | undefined> = Schema extends ParamsSchema
  ? Readonly<z.output<Schema>>
  : Params;

/** Params of a DAG whose schema is not known here. */
export type Params = Readonly<Record<string, unknown>>;

/** What somebody who asks for a run may give: members with a default may be left out. */
export type ConfOf<Schema extends ParamsSchema | undefined> = Schema extends ParamsSchema
  ? z.input<Schema>
  : { readonly [name: string]: Json };
