import { NotFoundError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import {
  elementOfValue,
  type InstanceWork,
  isList,
  type ListSource,
  ofLastIterations,
  pathPrefix,
  relevantInstances,
  sourceInstances,
} from '@tsflow/core/rules';
import type { Store } from '@tsflow/core/store';

/**
 * What a task reads of an output: the value of the instance that concerns it, or, when there are many because the output's task is mapped
 * and the reader is not in the same mapped group, one flat list of theirs in index order, without nulls. Of a loop that goes on until something
 * holds, it is that of the last iteration.
 */
export async function outputFor(
  store: Store,
  reader: InstanceWork,
  taskId: string,
  key: string,
): Promise<Json> {
  const index = reader.run.graph.indexOf.get(taskId);
  if (index === undefined) throw new NotFoundError(`Task of ${reader.run.dag.dagId}`, taskId);
  const { levels } = reader.run.graph.tasks[index]!;
  const shared = levels.findIndex((level, depth) => reader.task.levels[depth] !== level);
  const relevant = relevantInstances(reader, index);
  const sources = shared < 0 ? relevant : ofLastIterations(relevant, reader.run.graph.tasks[index]!, shared);
  if (isSingle(reader, index)) return (await outputsOf(store, sources, key))[0] ?? null;
  return (await outputsOf(store, sources, key)).filter((value) => value !== null);
}

/** One element of an output that the reader, or a group around it, is mapped over. */
export async function elementFor(
  store: Store,
  reader: InstanceWork,
  taskId: string,
  key: string,
  index: number,
): Promise<Json> {
  for (const level of reader.task.levels) {
    const source = level.sources.find((one) => one.taskId === taskId && one.key === key);
    if (source !== undefined)
      return listElement(store, reader, source, pathPrefix(reader.mapPath, level.depth), index);
  }
  throw new NotFoundError('Output that the task is mapped over', `${taskId}/${key}`);
}

async function listElement(
  store: Store,
  { run }: InstanceWork,
  source: ListSource,
  prefix: string,
  index: number,
): Promise<Json> {
  const instances = sourceInstances(run, source, prefix);
  if (source.isCollected) {
    const element = instances.filter(({ listLengths }) => listLengths?.has(source.key) === true)[index];
    return element === undefined ? null : ((await outputsOf(store, [element], source.key))[0] ?? null);
  }
  const [value] = await outputsOf(store, instances.slice(0, 1), source.key);
  return elementOfValue(value ?? null, index) as Json;
}

/** Values of one key, null where there is none: from memory, and the rest in one query. */
async function outputsOf(
  store: Store,
  instances: readonly InstanceWork[],
  key: string,
): Promise<readonly Json[]> {
  const unknown = instances.filter(
    (instance) => kept(instance, key) === undefined && mayHaveOutput(instance),
  );
  if (unknown.length > 0) {
    const values = await store.turns.xcoms(
      unknown.map((instance) => instance.key),
      key,
    );
    for (const instance of unknown) {
      const text = values.get(instance.key);
      keep(instance, key, text === undefined ? null : (JSON.parse(text) as Json));
    }
  }
  return instances.map((instance) => {
    const value = kept(instance, key) ?? null;
    if (instance.task.sourceOf.length === 0) read.delete(instance);
    return value;
  });
}

/**
 * What was read of instances whose values are not in memory. It stays for those that something is mapped over: each of a thousand instances
 * is granted one element of the same list.
 */
const read = new WeakMap<
  InstanceWork,
  { readonly attemptId: number | null; readonly values: Map<string, Json> }
>();

function kept(instance: InstanceWork, key: string): Json | undefined {
  if (instance.outputs !== null) return instance.outputs[key] ?? null;
  const known = read.get(instance);
  return known?.attemptId === instance.attemptId ? known.values.get(key) : undefined;
}

function keep(instance: InstanceWork, key: string, value: Json): void {
  const known = read.get(instance);
  if (known?.attemptId === instance.attemptId) known.values.set(key, value);
  else read.set(instance, { attemptId: instance.attemptId, values: new Map([[key, value]]) });
}

/** A task that was skipped, or marked by hand, pushed nothing; after a clear its old values are no longer its output. */
const mayHaveOutput = ({ state, attemptId }: InstanceWork): boolean =>
  state === 'success' && attemptId !== null;

function isSingle(reader: InstanceWork, index: number): boolean {
  const { levels } = reader.run.graph.tasks[index]!;
  const shared = levels.findIndex((level, depth) => reader.task.levels[depth] !== level);
  return shared < 0 || !levels.slice(shared).some(isList);
}
