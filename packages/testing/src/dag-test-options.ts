import type { ConfOf, Duration, Json, ParamsSchema } from '@tsflow/core';
import type { FakeCommands } from './fakes/fake-commands.ts';
import type { FakeHttp } from './fakes/fake-http.ts';
import type { TaskFake } from './fakes/task-fake.ts';
import type { GivenConnections } from './test-connections.ts';

/** Where DAGs run in a test. */
export interface DagsTestOptions {
  /** What the virtual clock says in the beginning. Default 2026-01-01T00:00:00Z. */
  readonly now?: Date | string | undefined;
  /** Values of Variables. One that is not here has its default. */
  readonly variables?: Readonly<Record<string, Json>> | undefined;
  /** Slots of pools, as `tsflow pools set` says them; -1 is no limit. Default: 128 of `default_pool`, and no limit for the others. */
  readonly pools?: Readonly<Record<string, number>> | undefined;
  /**
   * The Connections that there are: their values, or a system of the test behind them, `fakeDatabase()` or `fakeMail()`. Nothing is
   * taken from the environment.
   */
  readonly connections?: GivenConnections | undefined;
  /** What answers to `fetch` in the tasks. Default: the network. */
  readonly http?: FakeHttp | undefined;
  /** Programs that the commands of tasks call. Default: those of the machine. */
  readonly commands?: FakeCommands | undefined;
  /** What stands in for tasks, by the ids of DAG and task: `returns`, `fails`, `skips`, `takes`. */
  readonly tasks?: Readonly<Record<string, Readonly<Record<string, TaskFake>>>> | undefined;
  /** Whether schedules create runs while the clock is moved. Default false. */
  readonly schedule?: boolean | undefined;
  /** Virtual time after which a run that has not ended is given up. Default 30 days. */
  readonly timeLimit?: Duration | undefined;
}

/** Where a DAG runs in a test. */
export interface DagTestOptions extends Omit<DagsTestOptions, 'tasks'> {
  /** What stands in for tasks, by id: `returns`, `fails`, `skips`, `takes`. */
  readonly tasks?: Readonly<Record<string, TaskFake>> | undefined;
}

/** One run of a DAG in a test. */
export interface RunOptions<S extends ParamsSchema | undefined = undefined> {
  /** What the run is triggered with, checked by the DAG's params. */
  readonly conf?: ConfOf<S> | undefined;
  /** What the run is about; the data interval follows from it by the DAG's schedule. Default: the clock's now. */
  readonly logicalDate?: Date | string | undefined;
}
