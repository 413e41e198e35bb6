import type { Changes } from '../work/changes.ts';
import type { InstanceWork } from '../work/work.ts';

/** How people call the map index of an instance, as its attempt has rendered it. The same name again changes nothing. */
export function nameInstance(instance: InstanceWork, renderedMapIndex: string, changes: Changes): void {
  if (instance.renderedMapIndex === renderedMapIndex) return;
  instance.renderedMapIndex = renderedMapIndex;
  changes.named.add(instance);
  changes.event({
    type: 'task_named',
    dagId: instance.run.dag.dagId,
    run: instance.run,
    instance,
    ...(instance.attemptId === null ? {} : { attemptId: instance.attemptId }),
    data: { renderedMapIndex },
  });
}
