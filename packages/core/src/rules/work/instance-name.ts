import { instanceName } from '../../state/index.ts';
import type { InstanceWork } from './work.ts';

/** Its {@link instanceName}. */
export const nameOf = ({ task, mapPath }: InstanceWork): string => instanceName(task.spec.taskId, mapPath);
