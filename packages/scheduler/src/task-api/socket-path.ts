import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ConflictError, TsflowError } from '@tsflow/core/errors';

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, with its final NUL. */
const MAX_SOCKET_PATH_BYTES = 100;

/**
 * Where the scheduler of `home` listens: the same for all who know the home. A long home gets a name in a runtime directory of this
 * user alone, because the kernel cuts socket paths; Windows has named pipes.
 */
export function taskApiSocketPath(home: string): string {
  const path = join(resolve(home), 'scheduler.sock');
  const name = `tsflow-${createHash('sha256').update(resolve(home)).digest('hex').slice(0, 16)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return path;
  const runtime = process.env.XDG_RUNTIME_DIR ?? join(tmpdir(), `tsflow-${process.getuid?.() ?? 0}`);
  return join(runtime, `${name}.sock`);
}

/**
 * Makes `path` free to listen on: its directory exists for this user alone, and the socket of a scheduler that was killed is gone.
 * Throws {@link ConflictError} when somebody listens there.
 */
export async function claimSocketPath(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  checkOwner(directory);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  if (await answers(path)) {
    throw new ConflictError(
      `Another scheduler listens on ${path}. One scheduler runs per TSFLOW_HOME: stop it, or give this one a home of its own.`,
    );
  }
  rmSync(path, { force: true });
}

/** Nobody else connects: file modes guard the task API, whatever the umask is. */
export function restrictSocket(path: string): void {
  if (process.platform !== 'win32') chmodSync(path, 0o600);
}

/** A directory in /tmp could have been made by somebody else first. */
function checkOwner(directory: string): void {
  const owner = lstatSync(directory).uid;
  const me = process.getuid?.();
  if (me === undefined || owner === me || me === 0) return;
  throw new TsflowError(
    'socket_directory',
    `The directory ${directory} of the task API belongs to user ${owner}. Set XDG_RUNTIME_DIR, or use a shorter TSFLOW_HOME.`,
  );
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });
}
