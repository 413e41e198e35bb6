/**
 * The proxy that the environment names for an address (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, also in small letters, as curl reads them);
 * null: none.
 */
export function proxyFor(address: URL, env: NodeJS.ProcessEnv): string | null {
  const named = (name: string) => env[name.toLowerCase()] || env[name] || '';
  const proxy = address.protocol === 'https:' ? named('HTTPS_PROXY') : named('HTTP_PROXY');
  if (proxy === '' || isExcepted(address, named('NO_PROXY'))) return null;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** `NO_PROXY`: names with all that end in them, `host:port`, or `*`. */
function isExcepted(address: URL, exceptions: string): boolean {
  const host = address.hostname.replace(/^\[|\]$/g, '');
  const port = address.port || (address.protocol === 'https:' ? '443' : '80');
  return exceptions
    .split(/[\s,]+/)
    .filter((exception) => exception !== '')
    .some((exception) => {
      if (exception === '*') return true;
      const [, name = '', wantedPort] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(exception.toLowerCase()) ?? [];
      return (
        (host === name || host.endsWith(`.${name}`)) && (wantedPort === undefined || wantedPort === port)
      );
    });
}
