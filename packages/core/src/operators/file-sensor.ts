import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TaskContext } from '../dag/context.ts';
import { Sensor } from './sensor.ts';

interface FileFields {
  /** Path of a file or folder, relative to the DAG file. */
  readonly path: string;
  /** Smallest size in bytes of a file that counts: 1 leaves out those that were only begun. Default 0. */
  readonly minBytes?: number;
}

/**
 * Waits for a file or a folder: `new FileSensor({ taskId: 'arrived', path: '/data/{{ ds }}/done' })`. Its output is the path. Waits
 * with others in one process (`mode: 'defer'`) unless told otherwise.
 */
export class FileSensor extends Sensor<string, FileFields> {
  static override readonly fields = { ...Sensor.fields, path: 'template', minBytes: 'value' } as const;
  protected override readonly defaultMode = 'defer';

  async poke(context: TaskContext, { path, minBytes = 0 }: FileFields): Promise<string | null> {
    const file = resolve(context.dagDirectory, path);
    try {
      return (await stat(file)).size >= minBytes ? file : null;
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }
}

/** Not there, or not yet a folder on the way to it. */
function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
