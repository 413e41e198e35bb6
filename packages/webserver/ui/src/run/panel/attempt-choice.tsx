import { useTranslation } from 'react-i18next';
import type { Attempt, TaskInstanceDetail } from '../../api/contract.ts';
import { useStateWord } from '../../state/state-label.tsx';
import { attemptName } from './attempt-name.ts';

/** Which try the panel is about; of a single one only its number, and nothing before there is one. */
export function AttemptChoice({
  task,
  chosen,
  onChoose,
}: {
  task: TaskInstanceDetail;
  chosen: Attempt | undefined;
  onChoose: (attemptId: string) => void;
}) {
  const { t } = useTranslation();
  const word = useStateWord();
  if (task.attempts.length === 0) return null;
  if (task.attempts.length === 1)
    return (
      <span className="faint">
        {t('panel.tryOf', {
          number: task.tryNumber,
          max: Math.max(task.maxTries + 1, task.tryNumber),
        })}
      </span>
    );
  return (
    <select
      className="field"
      aria-label={t('panel.attempt')}
      value={chosen?.attemptId ?? ''}
      onChange={(event) => onChoose(event.target.value)}
    >
      {task.attempts.map((each) => (
        <option key={each.attemptId} value={each.attemptId}>
          {attemptName(each, t('run.try', { number: each.tryNumber }))} · {word(each.state)}
        </option>
      ))}
    </select>
  );
}
