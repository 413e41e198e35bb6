import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { DagDetail } from '../api/contract.ts';
import { Check, ChoiceRow } from '../controls/choice-row.tsx';
import { TaskField } from '../controls/task-field.tsx';
import { namesIn } from '../dag/names-in.ts';
import { InstancesRow } from './instances-row.tsx';
import type { TaskScope } from './task-scope.ts';

/** The tasks that somebody stood on when they asked. */
export interface ScopeSubject {
  readonly taskIds: string[];
  /** Of a mapped task: this instance, unless all are chosen. */
  readonly mapPath?: string;
}

/** Which tasks and which runs: from a task its neighbours and indexes, from a run a stretch of it. */
export function ScopeFields({
  dag,
  subject,
  scope,
  onChange,
}: {
  dag: DagDetail | undefined;
  subject: ScopeSubject | undefined;
  scope: TaskScope;
  onChange: (scope: TaskScope) => void;
}) {
  const { t } = useTranslation();
  const check = (flag: 'upstream' | 'downstream' | 'onlyFailed' | 'past' | 'future') => (
    <Check
      label={t(`clear.${flag}`)}
      isOn={scope[flag] === true}
      onChange={(isOn) => onChange({ ...scope, [flag]: isOn })}
    />
  );
  return (
    <>
      <InstancesRow
        own={subject?.mapPath}
        chosen={scope.mapPath}
        onChange={(mapPath) => onChange({ ...scope, mapPath })}
      />
      <ChoiceRow label={t('dag.tasks')}>
        {subject ? (
          <>
            {check('upstream')}
            {check('downstream')}
          </>
        ) : (
          <StretchOfRun dag={dag} scope={scope} onChange={onChange} />
        )}
        {check('onlyFailed')}
      </ChoiceRow>
      <ChoiceRow label={t('dag.runs')}>
        {check('past')}
        {check('future')}
      </ChoiceRow>
    </>
  );
}

/** From a task on, up to a task, or both: the tasks between them. */
function StretchOfRun({
  dag,
  scope,
  onChange,
}: {
  dag: DagDetail | undefined;
  scope: TaskScope;
  onChange: (scope: TaskScope) => void;
}) {
  const { t } = useTranslation();
  const names = useMemo(() => namesIn(dag?.serialized), [dag?.serialized]);
  return (
    <>
      <TaskField
        label={t('clear.from')}
        any={t('clear.fromFirst')}
        value={scope.from}
        names={names}
        onChange={(from) => onChange({ ...scope, from })}
      />
      <TaskField
        label={t('clear.upTo')}
        any={t('clear.upToLast')}
        value={scope.upTo}
        names={names}
        onChange={(upTo) => onChange({ ...scope, upTo })}
      />
    </>
  );
}
