import type { Json } from '../json.ts';
import { listLengths, type RunWork } from '../rules/index.ts';
import type { Store } from './store.ts';

/**
 * Reads the values that tasks of a restored run are mapped over: a run that expands, or grants an element, must know them. Costs nothing
 * in a run without mapped tasks.
 */
export async function loadLists(store: Store, run: RunWork): Promise<void> {
  for (const { task, root } of run.tasks) {
    if (task.sourceOf.length === 0) continue;
    const sources = root.instances.filter(
      ({ state, attemptId }) => state === 'success' && attemptId !== null,
    );
    const outputs = new Map(sources.map((instance) => [instance, {} as { [key: string]: Json }]));
    for (const key of keysOf(task)) {
      const values = await store.turns.xcoms(
        sources.map((instance) => instance.key),
        key,
      );
      for (const instance of sources) {
        const text = values.get(instance.key);
        if (text !== undefined) outputs.get(instance)![key] = JSON.parse(text) as Json;
      }
    }
    for (const [instance, values] of outputs) instance.listLengths = listLengths(instance, values);
  }
}

/** Keys of the task's values that something is mapped over. */
function keysOf({ index, sourceOf }: RunWork['tasks'][number]['task']): ReadonlySet<string> {
  return new Set(
    sourceOf.flatMap(({ sources }) => sources.filter(({ task }) => task === index).map(({ key }) => key)),
  );
}
