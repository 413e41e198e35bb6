import { useEffect, useState } from 'react';

/** A search field that asks the server when the typing rests. */
export function SearchField({
  value,
  label,
  onChange,
}: {
  value: string;
  label: string;
  onChange: (value: string | undefined) => void;
}) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text || undefined), 180);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <input
      type="search"
      className="field"
      data-page-search
      aria-label={label}
      placeholder={`${label}  /`}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}
