import type { AnyDag } from './dag.ts';
import type { AnyOperator } from './operator.ts';
import type { AnyTaskGroup } from './task-group.ts';

// A DAG file and an operator package may each bring a copy of this package of their own, so `instanceof` says nothing
// about what came from elsewhere. These symbols are the same in all copies.
export const DAG_BRAND = Symbol.for('tsflow.dag');
export const OPERATOR_BRAND = Symbol.for('tsflow.operator');
export const TASK_GROUP_BRAND = Symbol.for('tsflow.task-group');

export function isDag(value: unknown): value is AnyDag {
  return has(value, DAG_BRAND);
}

export function isOperator(value: unknown): value is AnyOperator {
  return has(value, OPERATOR_BRAND);
}

export function isTaskGroup(value: unknown): value is AnyTaskGroup {
  return has(value, TASK_GROUP_BRAND);
}

function has(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && brand in value;
}
