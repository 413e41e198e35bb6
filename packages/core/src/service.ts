/**
 * A thing that runs until told otherwise. `start` is called once; `stop` may come before `start`, or twice, and resolves
 * when nothing of it is left running. `await using` stops it at the end of a test.
 */
export interface Service extends AsyncDisposable {
  start(): Promise<void>;
  stop(): Promise<void>;
}
