import { expect, it } from 'vitest';
import type { TaskInstance } from '../api/contract.ts';
import { graphModel, nodeStates, related } from './graph-model.ts';

function task(taskId: string, upstream: string[] = []) {
  const dot = taskId.lastIndexOf('.');
  return {
    taskId,
    upstream,
    groupId: dot < 0 ? null : taskId.slice(0, dot),
    operator: 'BashOperator',
  };
}

const dag = {
  tasks: [
    task('a'),
    task('g.b', ['a']),
    task('g.c', ['g.b']),
    task('g.d', ['g.b']),
    task('e', ['g.c', 'g.d']),
    task('z'),
  ],
  groups: [{ groupId: 'g', parentId: null, label: 'g' }],
};

it('puts tasks into their group', () => {
  const model = graphModel(dag, new Set());
  expect(model.nodes.find((node) => node.id === 'g.b')).toMatchObject({
    parentId: 'g',
    label: 'b',
    note: 'Bash',
  });
  expect(model.edges).toHaveLength(5);
});

it('says how often a group is tried again', () => {
  const retry = { retries: 2, retryDelayMs: 0, retryBackoff: 1, retryJitter: 0, maxRetryDelayMs: 0 };
  const groups = [{ groupId: 'g', parentId: null, label: 'g', doc: null, retry }];
  expect(graphModel({ ...dag, groups }, new Set()).nodes[0]).toMatchObject({ kind: 'group', note: '↻ 2' });
});

it('says that a group is a loop', () => {
  const expand = { arguments: [{ name: 'index' }], loop: { until: 'g.until', onMax: 'fail' as const } };
  const groups = [{ groupId: 'g', parentId: null, label: 'g', doc: null, expand }];
  expect(graphModel({ ...dag, groups }, new Set()).nodes[0]).toMatchObject({ note: '⟳' });
});

it('lets a closed group stand for what is inside, with one edge for many', () => {
  const model = graphModel(dag, new Set(['g']));
  expect(model.nodes.map((node) => node.id).sort()).toEqual(['a', 'e', 'g', 'z']);
  expect(model.edges.map((edge) => edge.id)).toEqual(['a→g', 'g→e']);
});

it('relates upstream and downstream, not siblings', () => {
  const model = graphModel(dag, new Set());
  expect([...related(model, 'g.c')].sort()).toEqual(['a', 'e', 'g.b', 'g.c']);
});

it('gives a group its most urgent state and a task without an instance none', () => {
  const model = graphModel(dag, new Set(['g']));
  const instances = [
    { taskId: 'g.b', state: 'success' },
    { taskId: 'g.c', state: 'failed' },
  ] as TaskInstance[];
  const states = nodeStates(model, instances);
  expect(states.get('g')).toEqual({ state: 'failed', counts: { success: 1, failed: 1 }, progress: null });
  expect(states.get('e')?.state).toBe('none');
});

it.each<[what: string, states: string, progress: string | null]>([
  ['some have ended, however', 'success failed skipped upstream_failed running none', '4/6'],
  ['one that is tried again has not', 'success up_for_retry', '1/2'],
  ['removed ones are none', 'success removed removed', '1/1'],
  ['all', 'success success', '2/2'],
])('counts what has ended of a mapped task: %s', (_what, states, expected) => {
  const instances = states
    .split(' ')
    .map((state, index) => ({ taskId: 'a', mapPath: String(index), state })) as TaskInstance[];
  const progress = nodeStates(graphModel(dag, new Set()), instances).get('a')?.progress;
  expect(progress && `${progress.done}/${progress.total}`).toBe(expected);
});

it('counts nothing of a task that is not mapped, or not yet', () => {
  const instances = [{ taskId: 'a', mapPath: '', state: 'running' }] as TaskInstance[];
  expect(nodeStates(graphModel(dag, new Set()), instances).get('a')?.progress).toBeNull();
});

it('knows a mapped task, also by the group around it', () => {
  const groups = [{ groupId: 'g', parentId: null, label: 'g', doc: null, expand: { arguments: [] } }];
  const tasks = [{ ...task('a'), expand: { arguments: [] } }, task('g.b'), task('e')];
  const mapped = graphModel({ tasks, groups }, new Set()).nodes.filter(({ isMapped }) => isMapped);
  expect(mapped.map(({ id }) => id)).toEqual(['g', 'a', 'g.b']);
});
