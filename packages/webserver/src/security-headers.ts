import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * Gives every answer, errors and files included, the headers that keep a browser from doing more with it than it should. Each request
 * has a nonce of its own: `response.locals.nonce`, which the page's own scripts and styles carry.
 */
export function securityHeaders(): readonly RequestHandler[] {
  return [
    (_request, response, next) => {
      response.locals.nonce = randomBytes(16).toString('base64url');
      next();
    },
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          scriptSrc: ["'self'", nonce],
          // Elements need the nonce. Attributes are how component libraries place things, and cannot load anything.
          styleSrc: ["'self'", nonce],
          styleSrcAttr: ["'unsafe-inline'"],
          imgSrc: ["'self'", 'data:', 'blob:'],
          fontSrc: ["'self'", 'data:'],
          connectSrc: ["'self'"],
          workerSrc: ["'self'", 'blob:'],
          objectSrc: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
          // No upgrade-insecure-requests: without TLS in front it blanks the page.
        },
      },
      // Whoever puts TLS in front decides for how long browsers insist on it.
      strictTransportSecurity: false,
      referrerPolicy: { policy: 'same-origin' },
      xFrameOptions: { action: 'deny' },
    }),
    (_request, response, next) => {
      response.set('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
      next();
    },
  ];
}

const nonce = (_request: unknown, response: unknown) =>
  `'nonce-${String((response as { locals: { nonce: unknown } }).locals.nonce)}'`;
