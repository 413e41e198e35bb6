import type { AnyDag } from './dag.ts';
import { DagDefinitionError, pointingAt } from './definition-error.ts';
import type { ListNode } from './list-expression.ts';
import type { MapArgument } from './map-argument.ts';

/**
 * Refuses lists that are written in the DAG file and make more than `max` instances of a task or group, whatever its tasks return.
 * Throws {@link DagDefinitionError} that leads to the task or group.
 */
export function checkMapLengths(dag: AnyDag, max: number): void {
  for (const group of dag.groups.values())
    if (group.expansion !== null)
      check(`Group "${group.groupId}"`, group.expansion.values(), max, group.site);
  for (const task of dag.tasks.values())
    if (task.expansion !== null) check(`Task "${task.taskId}"`, task.expansion.keys(), max, task.site);
}

function check(what: string, expansion: Iterable<MapArgument>, max: number, site: Error): void {
  const lengths = [...expansion].map(({ node }) => leastLength(node));
  const count = lengths.reduce((product, length) => product * length, 1);
  if (count <= max) return;
  const lists =
    lengths.length === 1
      ? `a list of ${inWords(count)} elements`
      : `every combination of lists of ${lengths.map(inWords).join(', ')} elements: ${inWords(count)} instances`;
  throw pointingAt(
    site,
    new DagDefinitionError(
      'invalid_option',
      `${what} is mapped over ${lists}. That is more than maxMapLength, ${inWords(max)}: give each instance several elements, ` +
        'or raise TSFLOW_MAX_MAP_LENGTH.',
    ),
  );
}

/** How many elements a list has at least: what tasks return may be empty. */
function leastLength(node: ListNode): number {
  switch (node.kind) {
    case 'literal':
      return node.items.length;
    case 'output':
    case 'reference':
    case 'filter':
      return 0;
    case 'map':
      return leastLength(node.of);
    case 'zip':
      return node.of.length === 0 ? 0 : Math.min(...node.of.map(leastLength));
    case 'concat':
      return node.of.reduce((sum, part) => sum + leastLength(part), 0);
  }
}

const inWords = (count: number): string => count.toLocaleString('en');
