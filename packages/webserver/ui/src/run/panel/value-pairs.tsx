import { Fragment } from 'react';

/** Names with their values as JSON; a text stands as it is. */
export function ValuePairs({
  label,
  values,
}: {
  label?: string;
  values: Iterable<readonly [string, unknown]>;
}) {
  return (
    <dl className="pairs" aria-label={label}>
      {[...values].map(([name, value]) => (
        <Fragment key={name}>
          <dt className="mono">{name}</dt>
          <dd>
            <pre className="inline-json">
              {typeof value === 'string' ? value : JSON.stringify(value, null, 2)}
            </pre>
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}
