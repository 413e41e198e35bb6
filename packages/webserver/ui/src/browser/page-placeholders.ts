/** Where the application is mounted, without a slash at its end: empty at the root of a host, else like `/tsflow`. */
export const basePath = (
  document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? ''
).replace(/\/$/, '');

/** The nonce of this answer's Content-Security-Policy. Browsers hide the attribute but keep the property. */
export const cspNonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.nonce ?? '';
