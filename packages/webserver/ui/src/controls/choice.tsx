/** A labelled select whose first option is "any". */
export function Choice<T extends string>({
  label,
  value,
  options,
  any,
  onChange,
}: {
  label: string;
  value: T | undefined;
  options: readonly (readonly [value: T, text: string])[];
  any: string;
  onChange: (value: T | undefined) => void;
}) {
  return (
    <select
      className="field"
      aria-label={label}
      value={value ?? ''}
      onChange={(event) => onChange((event.target.value as T) || undefined)}
    >
      <option value="">{any}</option>
      {options.map(([key, text]) => (
        <option key={key} value={key}>
          {text}
        </option>
      ))}
    </select>
  );
}
