import { RUN_STATES, RUN_TYPES, TASK_STATES } from '@tsflow/core/state';
import { z } from 'zod';

export const runState = z.enum(RUN_STATES).meta({ id: 'RunState' });
export const runType = z.enum(RUN_TYPES).meta({ id: 'RunType' });
export const taskState = z.enum(TASK_STATES).meta({ id: 'TaskState' });

/** Task instances by state; states that none has are left out. */
export const taskCounts = z.partialRecord(taskState, z.number().int());
