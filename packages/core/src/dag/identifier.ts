import { DagDefinitionError } from './definition-error.ts';

/** Longest dagId or taskId (with its groups), in characters: Airflow's limit, and what the indexes are made for. */
export const MAX_ID_LENGTH = 250;

const ID = /^[A-Za-z0-9_.-]+$/;
/** Inside a group an id is one component: a dot would look like a group of its own. */
const COMPONENT = /^[A-Za-z0-9_-]+$/;

/** Checks a dagId or a full taskId: letters, digits, `_`, `-` and `.`, at most 250 characters. */
export function checkId(kind: 'dagId' | 'taskId' | 'groupId', id: unknown): asserts id is string {
  check(kind, id, ID, 'letters, digits, "_", "-" and "."');
}

/** Checks a groupId as the author writes it: no dot, because dots separate groups from what they hold. */
export function checkIdComponent(kind: 'groupId', id: unknown): asserts id is string {
  check(kind, id, COMPONENT, 'letters, digits, "_" and "-"');
}

function check(kind: string, id: unknown, pattern: RegExp, alphabet: string): void {
  if (typeof id !== 'string' || id === '') {
    throw new DagDefinitionError('invalid_id', `${kind}: expected a name, got ${JSON.stringify(id)}.`);
  }
  if (id.length > MAX_ID_LENGTH) {
    throw new DagDefinitionError(
      'invalid_id',
      `${kind} "${id.slice(0, 40)}…" has ${id.length} characters; at most ${MAX_ID_LENGTH} are allowed.`,
    );
  }
  if (!pattern.test(id) || id === '.' || id === '..') {
    throw new DagDefinitionError('invalid_id', `${kind} ${JSON.stringify(id)} may hold only ${alphabet}.`);
  }
}
