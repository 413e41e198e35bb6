import type { SerializedDag } from '@tsflow/core/serialization';
import { expect, it } from 'vitest';
import { RowCounter } from '../support/row-counter.ts';
import { SchedulerHarness } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';

/** A root, then a thousand tasks side by side that each take its output, as a run of `size` tasks. */
function wideDag(size: number) {
  const specs: Record<string, TaskSpec> = { root: {} };
  for (let i = 1; i < size; i++) {
    specs[`t${i}`] = { upstream: ['root'], inputs: [{ taskId: 'root', key: 'return_value' }] };
  }
  return serializedDag(`wide_${size}`, specs, { maxActiveTasks: 16 });
}

/** A root that returns a list of `size - 2` numbers, a task mapped over it, and one that takes all that its instances returned. */
function mappedDag(size: number) {
  const list = { kind: 'output', taskId: 'root', key: 'return_value' } as const;
  const specs: Record<string, TaskSpec> = {
    root: {},
    each: { upstream: ['root'], expand: { arguments: [{ name: 'n', list }] } },
    all: { upstream: ['each'], inputs: [{ taskId: 'each', key: 'return_value' }] },
  };
  return serializedDag(`mapped_${size}`, specs, { maxActiveTasks: 16 });
}

/** Rows read from the moment the run is asked for until its last task has ended, polls of the idle second aside. */
async function rowsRead(size: number, dag: SerializedDag): Promise<number> {
  const counter = new RowCounter();
  const list = Array.from({ length: size - 2 }, (_, i) => i);
  const script: Script = ({ taskId }) => ({
    kind: 'success',
    xcoms: { return_value: taskId === 'root' ? list : 1 },
  });
  await using tsflow = await SchedulerHarness.start('sqlite', [dag], script, (store) =>
    counter.counting(store),
  );
  const first = await tsflow.trigger(dag.dagId);
  await tsflow.runIs(dag.dagId, first, 'success');
  counter.rows = 0;
  tsflow.executor.granted.length = 0;
  await tsflow.trigger(dag.dagId);
  while (tsflow.executor.accepted.length < 2 * size) await new Promise(setImmediate);
  return counter.rows;
}

it.each([
  ['side by side', wideDag],
  ['mapped', mappedDag],
] as const)(
  'reads as few rows for a finished task in a run of 5,000 as in a run of 10, %s',
  async (_what, dagOf) => {
    const read = (size: number) => rowsRead(size, dagOf(size));
    const [small, medium, large] = [await read(10), await read(1_000), await read(5_000)];
    console.info(`rows read: ${small} for 10 tasks, ${medium} for 1,000, ${large} for 5,000`);
    // The poll of each idle second (revision of the Variables, living DAGs) is all that may come on top.
    expect(medium - small).toBeLessThanOrEqual(POLL_ROWS);
    expect(large - small).toBeLessThanOrEqual(POLL_ROWS);
  },
  120_000,
);

/** Rows that the polls of a slow machine's ten seconds may read. */
const POLL_ROWS = 40;
