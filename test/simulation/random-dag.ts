import type { SerializedDag, SerializedGroup, SerializedList } from '@tsflow/core/serialization';
import { TRIGGER_RULES } from '@tsflow/core/state';
import type { Random } from '../support/random.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';

/**
 * A DAG of two to `2 + most - 1` tasks with random edges, trigger rules, retries, decisions, pasts, a setup and its teardown, mapped tasks, and
 * groups that are mapped or tried again as a whole, or (`hasLoops`) gone round.
 */
export function randomDag(
  random: Random,
  dagId: string,
  most: number,
  dag: Partial<SerializedDag> = {},
  hasLoops = false,
): SerializedDag {
  const specs: Record<string, TaskSpec> = {};
  const size = 2 + random.int(most);
  for (let i = 0; i < size; i++) {
    const upstream = Object.keys(specs).filter(() => random.chance(0.3));
    specs[`t${i}`] = {
      upstream,
      triggerRule: random.chance(0.6) ? 'all_success' : random.pick(TRIGGER_RULES),
      retries: random.int(3),
      retryDelayMs: 10,
      decides: random.chance(0.15) ? 'branch' : random.chance(0.1) ? 'short_circuit' : null,
      ignoreDownstreamTriggerRules: random.chance(0.5),
      nothingToDo: random.chance(0.1),
      dependsOnPast: random.chance(0.1),
      waitForDownstream: random.chance(0.05),
      maxActiveTisPerDag: random.chance(0.2) ? 1 : null,
    };
  }
  if (random.chance(0.25)) setUpSome(random, specs);
  const groups = mapSome(random, specs, hasLoops);
  // What fails fast has the default rule everywhere, or its file is refused.
  if (dag.failFast === true)
    for (const [id, spec] of Object.entries(specs))
      if (spec.isTeardown !== true) specs[id] = { ...spec, triggerRule: 'all_success' };
  return serializedDag(dagId, specs, { groups, ...dag });
}

/** Makes one task the setup of what is below it, and perhaps a later one its teardown. */
function setUpSome(random: Random, specs: Record<string, TaskSpec>): void {
  const ids = Object.keys(specs);
  const at = random.int(ids.length);
  const setup = ids[at]!;
  const plain = {
    decides: null,
    nothingToDo: false,
    dependsOnPast: false,
    waitForDownstream: false,
  } as const;
  specs[setup] = { ...specs[setup], ...plain, isSetup: true };
  if (at === ids.length - 1 || random.chance(0.2)) return;
  const teardown = ids[at + 1 + random.int(ids.length - at - 1)]!;
  specs[teardown] = {
    ...specs[teardown],
    ...plain,
    isTeardown: true,
    triggerRule: 'all_done_setup_success',
    upstream: union(specs[teardown]!.upstream!, [setup]),
    onFailureFailDagRun: random.chance(0.3),
  };
}

/** Maps some of the tasks over what stands before them, and some that follow each other as a group, perhaps with one inside. */
function mapSome(random: Random, specs: Record<string, TaskSpec>, hasLoops: boolean): SerializedGroup[] {
  const ids = Object.keys(specs);
  const groups: SerializedGroup[] = [];
  let members = ids.slice(1 + random.int(ids.length));
  for (let parentId: string | null = null; members.length > 0 && groups.length < 2 && random.chance(0.4); ) {
    const groupId: string = parentId === null ? 'g' : `${parentId}.h`;
    const before = ids.slice(0, ids.indexOf(members[0]!));
    const { list, sources } = randomList(random, before);
    groups.push({
      groupId,
      parentId,
      label: groupId,
      doc: null,
      ...(random.chance(0.4) ? { retry: randomRetry(random) } : {}),
      ...(random.chance(0.7)
        ? {
            expand: {
              arguments: [{ name: 'a', list }],
              ...(hasLoops ? randomLoop(random, specs, groupId, members) : {}),
            },
          }
        : {}),
    });
    for (const id of members) {
      const spec = specs[id]!;
      const isRoot = !spec.upstream!.some((up) => members.includes(up));
      specs[id] = { ...spec, groupId, ...(isRoot ? { upstream: union(spec.upstream!, sources) } : {}) };
    }
    parentId = groupId;
    members = members.slice(random.int(members.length), members.length - random.int(2));
  }
  for (const [i, id] of ids.entries()) {
    if (!random.chance(0.25) || specs[id]!.decides === 'until') continue;
    const one = randomList(random, ids.slice(0, i));
    const two = random.chance(0.3) ? [randomList(random, ids.slice(0, i))] : [];
    specs[id] = {
      ...specs[id],
      upstream: union(
        specs[id]!.upstream!,
        [one, ...two].flatMap(({ sources }) => sources),
      ),
      expand: { arguments: [one, ...two].map(({ list }, n) => ({ name: `a${n}`, list })) },
      ...(random.chance(0.3) ? { maxActiveTisPerDagrun: 2 } : {}),
    };
  }
  // The rule "always" is refused for what is mapped when a file is loaded.
  for (const [id, spec] of Object.entries(specs)) {
    const isMapped = spec.expand !== undefined || (spec.groupId ?? null) !== null;
    if (isMapped && spec.triggerRule === 'always') specs[id] = { ...spec, triggerRule: 'all_done' };
  }
  return groups;
}

/** Perhaps a loop, until the last of its tasks says so, or through its list. */
function randomLoop(
  random: Random,
  specs: Record<string, TaskSpec>,
  groupId: string,
  members: readonly string[],
): Pick<NonNullable<SerializedGroup['expand']>, 'loop'> {
  if (random.chance(0.6)) return {};
  const onMax = random.pick(['fail', 'continue'] as const);
  const last = members.at(-1)!;
  const { isSetup = false, isTeardown = false } = specs[last]!;
  // An inner group has tasks of its own: what ends a loop stands directly in it, and is not mapped.
  if (groupId !== 'g' || isSetup || isTeardown || random.chance(0.4)) return { loop: { until: null, onMax } };
  specs[last] = { ...specs[last], decides: 'until', nothingToDo: false };
  return { loop: { until: last, onMax } };
}

/** How a whole group is tried again. */
function randomRetry(random: Random): NonNullable<SerializedGroup['retry']> {
  const retryDelayMs = random.pick([0, 5, 20]);
  return {
    retries: 1 + random.int(2),
    retryDelayMs,
    retryBackoff: 1,
    retryJitter: 0,
    maxRetryDelayMs: 1_000,
  };
}

function randomList(random: Random, before: readonly string[]): { list: SerializedList; sources: string[] } {
  if (before.length === 0 || random.chance(0.3))
    return { list: { kind: 'literal', length: random.int(4) }, sources: [] };
  const taskId = random.pick(before);
  const list: SerializedList = { kind: 'output', taskId, key: 'return_value' };
  if (random.chance(0.8)) return { list, sources: [taskId] };
  const other = randomList(random, before);
  return {
    list: { kind: random.pick(['zip', 'concat'] as const), of: [list, other.list] },
    sources: union([taskId], other.sources),
  };
}

const union = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])];
