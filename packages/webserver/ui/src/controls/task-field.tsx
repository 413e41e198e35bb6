import { useId, useState } from 'react';

/** Options that a browser is given at once: of thousands of tasks nobody reads more. */
const MOST_OFFERED = 100;

/**
 * The name of a task or group, with those that there are offered while one types. Tells of a name when it is one, and of none; where
 * nothing shows what a name leads to, `onWrong` tells of a text that is neither.
 */
export function TaskField({
  label,
  any,
  value,
  names,
  onWrong,
  onChange,
}: {
  label: string;
  /** What it means to leave it empty. */
  any: string;
  value: string | undefined;
  names: readonly string[];
  onWrong?: (isWrong: boolean) => void;
  onChange: (name: string | undefined) => void;
}) {
  const list = useId();
  const [text, setText] = useState(value ?? '');
  const wanted = text.toLowerCase();
  const offered = names.filter((name) => name.toLowerCase().includes(wanted)).slice(0, MOST_OFFERED);
  return (
    <label className="task-field">
      <span>{label}</span>
      <input
        className="field"
        list={list}
        placeholder={any}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={text !== '' && !names.includes(text)}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          const isName = target.value === '' || names.includes(target.value);
          onWrong?.(!isName);
          if (isName) onChange(target.value || undefined);
        }}
      />
      <datalist id={list}>
        {offered.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}
