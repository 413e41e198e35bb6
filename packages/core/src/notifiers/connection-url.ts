import type { Connection } from '../connections/connection.ts';

/** The address that an HTTP connection stands for, without a slash at its end. A type that is no scheme means https. */
export function connectionUrl({ type, host, port, schema }: Connection): string {
  const scheme = type === 'http' ? 'http' : 'https';
  const path = schema === null ? '' : `/${schema.replace(/^\/+|\/+$/g, '')}`;
  return `${scheme}://${host ?? 'localhost'}${port === null ? '' : `:${port}`}${path}`;
}
