import { InvalidInputError } from '@tsflow/core/errors';

/**
 * The address of a server as somebody gave it, base path and all, without a slash at its end. Throws {@link InvalidInputError} for what is
 * none, for one with a password in it, and for plain http to another machine unless `allowHttp`: a token would pass in the clear.
 */
export function serverAddress(
  text: string,
  { name, allowHttp }: { readonly name: string; readonly allowHttp: boolean },
): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidInputError(
      `${name}: expected an address such as https://tsflow.example.com, got "${text}".`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidInputError(`${name}: an address has no password in it: tokens go into TSFLOW_TOKEN.`);
  }
  if (url.search !== '' || url.hash !== '') {
    throw new InvalidInputError(
      `${name}: expected the address of the server alone, without "${url.search}${url.hash}".`,
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !allowHttp) {
    throw new InvalidInputError(
      `${name}: ${text} would carry the token in the clear. Use https, or set TSFLOW_ALLOW_HTTP=true where nobody listens.`,
    );
  }
  return url.origin + url.pathname.replace(/\/(api\/v1\/?)?$/, '');
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
