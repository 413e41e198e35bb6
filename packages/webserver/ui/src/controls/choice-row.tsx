import { type ReactNode, useId } from 'react';

/** A line of a form: what is asked on the left, the choices beside it. */
export function ChoiceRow({ label, children }: { label: string; children: ReactNode }) {
  const id = useId();
  return (
    <div className="choice-row" role="group" aria-labelledby={id}>
      <span id={id} className="faint">
        {label}
      </span>
      <div className="choice-line">{children}</div>
    </div>
  );
}

/** One choice that may be taken or left. */
export function Check({
  label,
  isOn,
  onChange,
}: {
  label: ReactNode;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}) {
  return (
    <label className="check">
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

/** One of several choices: exactly one of those of a name is taken. */
export function Radio({
  name,
  label,
  isOn,
  onChoose,
}: {
  name: string;
  label: ReactNode;
  isOn: boolean;
  onChoose: () => void;
}) {
  return (
    <label className="check">
      <input type="radio" name={name} checked={isOn} onChange={onChoose} />
      {label}
    </label>
  );
}
