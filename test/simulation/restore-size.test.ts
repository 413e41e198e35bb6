import { buildDagGraph } from '@tsflow/core/rules';
import type { SerializedDag } from '@tsflow/core/serialization';
import { type DagWork, restoreDag } from '@tsflow/core/store';
import { expect, it } from 'vitest';
import { AT, runRow, taskRow } from '../support/rows.ts';
import { serializedDag } from '../support/serialized-dag.ts';

const INDEXES = 10_000;

/** A group of one task that is mapped over a list and begins again, index by index. */
function mappedGroup(): SerializedDag {
  const list = { kind: 'literal', length: INDEXES } as const;
  return serializedDag(
    'etl',
    { 'city.load': { groupId: 'city' } },
    {
      groups: [
        {
          groupId: 'city',
          parentId: null,
          label: 'city',
          doc: null,
          expand: { arguments: [{ name: 'n', list }] },
          retry: {
            retries: 3,
            retryDelayMs: 1_000,
            retryBackoff: 1,
            retryJitter: 0,
            maxRetryDelayMs: 1_000,
          },
        },
      ],
    },
  );
}

/** Rows of a run in which every index of the group waits for its second beginning. */
function rowsOf(): DagWork {
  const run = runRow(1);
  const taskInstances = Array.from({ length: INDEXES }, (_, index) =>
    taskRow(index + 10, run.key, {
      taskId: 'city.load',
      mapPath: String(index),
      mapSort: String(index).padStart(10, '0'),
      state: 'up_for_retry',
      tryNumber: 2,
      maxTries: 2,
      nextAt: AT,
    }),
  );
  return {
    dag: {
      dagId: 'etl',
      file: 'etl.ts',
      currentVersion: 'v1',
      isStale: 0,
      description: null,
      tags: '[]',
      owner: null,
      schedule: '',
      timezone: 'UTC',
      definedAt: AT,
      holder: 'one',
      epoch: 1,
      isPaused: 0,
      mark: null,
      markVersion: 'v1',
      nextTick: null,
      skipUntil: null,
    },
    activeRuns: [run],
    taskInstances,
    groupTries: taskInstances.map(({ key, runKey, mapPath }) => {
      return { runKey, groupId: 'city', mapPath, dagId: 'etl', tryNumber: 2, maxTries: 3, failedKey: key };
    }),
    attempts: [],
    callbacks: [],
    assetArrivals: [],
    deadlinesMissed: [],
    backfills: [],
    queuedRunCounts: new Map(),
  };
}

it('restores groups that begin again at the cost of each, whatever their number', () => {
  const graph = buildDagGraph(mappedGroup(), 'v1');
  const rows = rowsOf();
  const restore = (work: DagWork) => {
    const begun = performance.now();
    const dag = restoreDag(work, () => graph, 10_000);
    return { ms: performance.now() - begun, groups: [...dag.runs.get(1)!.groups.values()] };
  };
  const quickest = (work: DagWork) => Math.min(...[1, 2, 3].map(() => restore(work).ms));

  expect(
    restore(rows).groups.filter(({ tryNumber, failed }) => tryNumber === 2 && failed !== null),
  ).toHaveLength(INDEXES);
  const without = quickest({ ...rows, groupTries: [] });
  const ms = quickest(rows);
  console.info(
    `${INDEXES} groups: ${ms.toFixed(0)} ms, of which ${(ms - without).toFixed(0)} for their tries`,
  );
  // It was some twenty times as long while each row was looked for among all groups and all instances.
  expect(ms / without).toBeLessThan(8);
});
