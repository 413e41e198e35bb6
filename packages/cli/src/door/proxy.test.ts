import { expect, it } from 'vitest';
import { proxyFor } from './proxy.ts';

const PROXY = 'http://proxy:3128';

it.each([
  ['https://flow.example.com', { HTTPS_PROXY: PROXY }, PROXY],
  ['https://flow.example.com', { https_proxy: PROXY }, PROXY],
  ['https://flow.example.com', { HTTPS_PROXY: 'proxy:3128' }, PROXY],
  ['https://flow.example.com', { HTTP_PROXY: PROXY }, null],
  ['http://flow.example.com', { HTTP_PROXY: PROXY }, PROXY],
  ['https://flow.example.com', { HTTPS_PROXY: PROXY, NO_PROXY: '*' }, null],
  ['https://flow.example.com', { HTTPS_PROXY: PROXY, NO_PROXY: 'localhost,example.com' }, null],
  ['https://flow.example.com', { HTTPS_PROXY: PROXY, NO_PROXY: '.example.com' }, null],
  ['https://flow.example.com', { HTTPS_PROXY: PROXY, NO_PROXY: '*.example.com' }, null],
  ['https://flow.example.com', { HTTPS_PROXY: PROXY, NO_PROXY: 'flow.example.com:8443' }, PROXY],
  ['https://flow.example.com', { HTTPS_PROXY: PROXY, NO_PROXY: 'flow.example.com:443' }, null],
  // The end of a name is the end of one of its parts.
  ['https://notexample.com', { HTTPS_PROXY: PROXY, NO_PROXY: 'example.com' }, PROXY],
])('%s with %j goes through %s', (address, env, proxy) => {
  expect(proxyFor(new URL(address), env)).toBe(proxy);
});
