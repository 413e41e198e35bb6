import { isFinished, type TaskState } from '../../state/index.ts';
import { evaluateSetups, evaluateTriggerRule, type RuleVerdict } from '../graph/trigger-rule.ts';
import { nameOf } from '../work/instance-name.ts';
import { countOf, endsAbove, noCounts, relevantInstances, setupEndsAbove } from '../work/map-scope.ts';
import type { EndCounts, InstanceWork } from '../work/work.ts';

/** The setups first, then the task's own rule: the order in which they may say no. */
export function ruleVerdict(instance: InstanceWork): RuleVerdict {
  const { task } = instance;
  if (task.setups.length > 0) {
    const ends = setupEndsAbove(instance);
    const verdict = evaluateSetups(ends, ends.expected);
    if (verdict !== 'run') return verdict;
  }
  const ends = endsAbove(instance);
  const setups = task.spec.triggerRule === 'all_done_setup_success' ? upstreamSetups(instance) : noSetups;
  return evaluateTriggerRule(task.spec.triggerRule, ends, ends.expected, setups);
}

const noSetups = { expected: 0, ends: noCounts() };

function upstreamSetups(instance: InstanceWork): { expected: number; ends: EndCounts } {
  const setups = instance.task.upstreamSetups.flatMap((i) => relevantInstances(instance, i));
  const ends = noCounts();
  for (const { state } of setups) if (isFinished(state)) ends[countOf[state]] += 1;
  return { expected: setups.length, ends };
}

/** Instances of one task above that are looked at for a reason: it names three. */
const MAX_CAUSES_SOUGHT = 100;

/** Why it is skipped or failed by what is above it, for people. */
export function verdictReason(instance: InstanceWork, verdict: 'skipped' | 'upstream_failed'): string {
  const { task } = instance;
  const wanted: readonly TaskState[] =
    verdict === 'upstream_failed' ? ['failed', 'upstream_failed'] : ['skipped', 'success'];
  const causes = [...task.setups, ...task.upstream]
    .flatMap((i) => relevantInstances(instance, i).slice(0, MAX_CAUSES_SOUGHT))
    .filter(({ state }) => wanted.includes(state))
    .slice(0, 3)
    .map((above) => `${nameOf(above)} is ${above.state}`);
  return causes.length === 0 ? `its rule ${task.spec.triggerRule} cannot pass any more` : causes.join(', ');
}
