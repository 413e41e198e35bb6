import './code.css';
import { useLayoutEffect, useMemo, useRef } from 'react';
import { tokenLines } from './tokens.ts';

/** A file, or a passage of one, with line numbers and colours to read by. Text alone is copied. */
export function CodeLines({
  path,
  content,
  firstLine = 1,
  marked,
  mark = 'chosen',
  caret,
  label,
}: {
  path: string;
  content: string;
  firstLine?: number;
  /** The line that is meant: it is brought into view. */
  marked?: number | undefined;
  mark?: 'chosen' | 'failed';
  /** Below the marked line, at this column from 1. */
  caret?: number | undefined;
  label: string;
}) {
  const lines = useMemo(() => tokenLines(path, content), [path, content]);
  const box = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    box.current?.querySelector('[data-marked]')?.scrollIntoView({ block: 'center' });
  }, [marked, content]);
  return (
    <pre ref={box} className="code-lines" tabIndex={0} aria-label={label} role="region">
      {lines.map((line, at) => {
        const number = firstLine + at;
        const isMarked = number === marked;
        return (
          <span
            key={number}
            className="code-line"
            data-line={number}
            data-marked={isMarked ? mark : undefined}
          >
            <span className="code-text">
              {line.map((token, part) =>
                token.kind === undefined ? (
                  token.text
                ) : (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a piece of a line that never changes is its place
                  <span key={part} data-kind={token.kind}>
                    {token.text}
                  </span>
                ),
              )}
              {isMarked && caret !== undefined ? (
                <span className="code-caret" aria-hidden="true">
                  {`\n${' '.repeat(Math.max(0, caret - 1))}^`}
                </span>
              ) : null}
              {'\n'}
            </span>
          </span>
        );
      })}
    </pre>
  );
}
