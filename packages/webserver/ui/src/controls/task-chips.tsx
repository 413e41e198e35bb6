import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icon.tsx';
import { TaskField } from './task-field.tsx';

/** Some of many tasks or groups: those chosen, each with a way to let it go, and a field for the next. */
export function TaskChips({
  label,
  any,
  names,
  chosen,
  onChange,
}: {
  label: string;
  /** What it means to choose none. */
  any: string;
  names: readonly string[];
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}) {
  const { t } = useTranslation();
  // A field that has done its work makes way for an empty one.
  const [round, setRound] = useState(0);
  return (
    <div className="labelled">
      <TaskField
        key={round}
        label={label}
        any={chosen.length === 0 ? any : t('action.addAnother')}
        value={undefined}
        names={names.filter((name) => !chosen.includes(name))}
        onChange={(name) => {
          if (name === undefined) return;
          onChange([...chosen, name]);
          setRound(round + 1);
        }}
      />
      {chosen.length > 0 ? (
        <ul className="chips" aria-label={label}>
          {chosen.map((name) => (
            <li key={name} className="tag">
              {name}
              <button
                type="button"
                aria-label={t('action.removeFrom', { name })}
                onClick={() => onChange(chosen.filter((other) => other !== name))}
              >
                <Icon name="close" size={9} />
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
