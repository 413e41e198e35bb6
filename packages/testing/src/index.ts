export type { ConfOf } from '@tsflow/core';
export type { DagTest } from './dag-test.ts';
export type { DagsTestOptions, DagTestOptions, RunOptions } from './dag-test-options.ts';
export { type DagsTest, RunStuckError, type TestedDag } from './dags-test.ts';
export {
  type CommandAnswer,
  type CommandCall,
  type CommandEnding,
  type FakeCommands,
  fakeCommands,
} from './fakes/fake-commands.ts';
export type { FakeConnection, OpenFake } from './fakes/fake-connection.ts';
export { type FakeDatabase, fakeDatabase } from './fakes/fake-database.ts';
export {
  type FakeHttp,
  type FakeRequest,
  fakeHttp,
  type HttpAnswerOf,
  UnexpectedRequestError,
} from './fakes/fake-http.ts';
export { type FakeMail, type FakeMailOptions, fakeMail, type SentMail } from './fakes/fake-mail.ts';
export { inTurn } from './fakes/in-turn.ts';
export {
  type FakeCall,
  fails,
  failsForGood,
  returns,
  skips,
  type TaskFake,
  takes,
} from './fakes/task-fake.ts';
export { ManualClock } from './manual-clock.ts';
export { runDag, startDag, startDags } from './run-dag.ts';
export type { AttemptReport, RunReport } from './run-report.ts';
export type { GivenConnections } from './test-connections.ts';
