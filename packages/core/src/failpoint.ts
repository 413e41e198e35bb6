/**
 * Ends this process as `kill -9` would when `TSFLOW_FAILPOINT` names `name`, so that a test can put a crash between any two steps.
 * Without that variable it costs one comparison.
 */
export function failpoint(name: string): void {
  if (armed !== undefined && armed === name) process.kill(process.pid, 'SIGKILL');
}

const armed = process.env.TSFLOW_FAILPOINT;
