const [armed, hits] = (process.env.TSFLOW_FAILPOINT ?? '').split(':');
let left = Number(hits ?? 1);

/**
 * A named place at which tests let a process die as if the machine had killed it: `TSFLOW_FAILPOINT=after-commit` at its first
 * passing, `after-commit:5` at its fifth. Does nothing when the variable is not set.
 */
export const failpoint: (name: string) => void =
  armed === ''
    ? () => undefined
    : (name) => {
        if (name !== armed) return;
        left -= 1;
        if (left <= 0) process.kill(process.pid, 'SIGKILL');
      };
