import { watch } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { DAG, Operator, type TaskContext, TaskDeferred, Trigger, task } from '@tsflow/core';
import { example } from '../shared/example.ts';
import { exampleFile } from '../shared/examples-home.ts';

// Waits for something that tsflow does not know: many such triggers wait in one process, and the task goes on when its own has come.

class FileChanged extends Trigger<{ file: string }, string> {
  run({ signal }: TaskContext): Promise<string> {
    return new Promise((resolve, reject) => {
      const watcher = watch(this.args.file, { signal }, (event) => {
        watcher.close();
        resolve(event);
      });
      watcher.on('error', reject);
    });
  }
}

class WaitForChange extends Operator<string, { file: string }> {
  static override readonly fields = { file: 'template' } as const;
  static override readonly triggers = [FileChanged];

  execute(_context: TaskContext, { file }: { file: string }): never {
    throw new TaskDeferred(new FileChanged({ file }), { timeout: '1h' });
  }

  override resume({ log }: TaskContext, event: string): string {
    log.info(`The file has a ${event}.`);
    return event;
  }
}

export default new DAG(
  {
    ...example,
    dagId: 'trigger_of_your_own',
    description: 'A task that waits for a change of a file, without a slot',
    tags: ['example', 'waiting'],
  },
  () => {
    const file = () => exampleFile('watched.txt');
    const create = task('create', () => writeFile(file(), 'first\n'));
    const changed = new WaitForChange({ taskId: 'changed', file });
    create.before(changed);
    // Goes on changing it until the other task has seen it.
    const change = task('change', async ({ sleep, ts }) => {
      for (let i = 0; i < 20; i++) {
        await sleep('250ms');
        await writeFile(file(), `${ts} ${i}\n`);
      }
    });
    create.before(change);
    return { changed };
  },
);
