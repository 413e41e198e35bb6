import type { Connection, Duration, Json, ParamsSchema } from '@tsflow/core';
import type { z } from 'zod';
import type { TaskFake } from './task-fake.ts';

/** What triggers of a DAG with the schema `S` may give: members with a default may be left out. */
export type ConfOf<S extends ParamsSchema | undefined> = S extends ParamsSchema
  ? z.input<S>
  : { readonly [name: string]: Json };

/** Where a DAG runs in a test. */
export interface DagTestOptions {
  /** What the virtual clock says in the beginning. Default 2026-01-01T00:00:00Z. */
  readonly now?: Date | string | undefined;
  /** Values of Variables. One that is not here has its default. */
  readonly variables?: Readonly<Record<string, Json>> | undefined;
  /** The Connections that there are. Nothing is taken from the environment. */
  readonly connections?: Readonly<Record<string, Partial<Connection>>> | undefined;
  /** What stands in for tasks, by id: `returns`, `fails`, `skips`, `takes`. */
  readonly tasks?: Readonly<Record<string, TaskFake>> | undefined;
  /** Whether the DAG's schedule creates runs while the clock is moved. Default false. */
  readonly schedule?: boolean | undefined;
  /** Virtual time after which a run that has not ended is given up. Default 30 days. */
  readonly timeLimit?: Duration | undefined;
}

/** One run of a DAG in a test. */
export interface RunOptions<S extends ParamsSchema | undefined = undefined> {
  /** What the run is triggered with, checked by the DAG's params. */
  readonly conf?: ConfOf<S> | undefined;
  /** What the run is about; the data interval follows from it by the DAG's schedule. Default: the clock's now. */
  readonly logicalDate?: Date | string | undefined;
}
