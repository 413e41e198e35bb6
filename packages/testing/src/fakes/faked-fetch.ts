import { AsyncLocalStorage } from 'node:async_hooks';
import { type FakeHttp, UnexpectedRequestError } from './fake-http.ts';

interface Faked {
  readonly http: FakeHttp;
  readonly onUnexpected: (error: UnexpectedRequestError) => void;
}

const fakes = new AsyncLocalStorage<Faked>();
let installed = false;

/**
 * Runs `work` so that `fetch` asks `http` in it and in everything it starts, and the network anywhere else: tests that run at the same
 * time do not see each other's.
 */
export function withFakedFetch<T>(
  http: FakeHttp,
  onUnexpected: (error: UnexpectedRequestError) => void,
  work: () => T,
): T {
  install();
  return fakes.run({ http, onUnexpected }, work);
}

/** Replaces the global fetch once per process by one that asks which fake holds here. */
function install(): void {
  if (installed) return;
  installed = true;
  const realFetch = globalThis.fetch;
  globalThis.fetch = async (...asked: Parameters<typeof fetch>) => {
    const faked = fakes.getStore();
    if (faked === undefined) return realFetch(...asked);
    try {
      return await faked.http.fetch(...asked);
    } catch (error) {
      if (error instanceof UnexpectedRequestError) faked.onUnexpected(error);
      throw error;
    }
  };
}
