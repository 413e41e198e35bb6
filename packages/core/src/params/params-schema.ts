import type { z } from 'zod';

/** The params of a DAG as its author declares them: a zod object. Fields with a default may be left out by who triggers. */
export type ParamsSchema = z.ZodObject;

/** The params as a task sees them: checked, with defaults filled in. */
export type ParamsOf<Schema extends ParamsSchema | undefined> = Schema extends ParamsSchema
  ? Readonly<z.output<Schema>>
  : Params;

/** Params of a DAG whose schema is not known here. */
export type Params = Readonly<Record<string, unknown>>;
