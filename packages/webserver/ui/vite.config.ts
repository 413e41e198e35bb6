import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * The built page holds two placeholders that the server fills in for each answer: `__BASE_PATH__` (empty, or `/tsflow`) and
 * `__CSP_NONCE__`. Everything that a script or a stylesheet loads is named relative to it, so no other file is touched.
 */
export default defineConfig(({ command }) => ({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  plugins: [
    react(),
    {
      name: 'fill-placeholders-of-the-dev-server',
      transformIndexHtml: (html: string) =>
        command === 'serve' ? html.replaceAll('__BASE_PATH__', '').replaceAll('__CSP_NONCE__', 'dev') : html,
    },
  ],
  html: { cspNonce: '__CSP_NONCE__' },
  experimental: {
    renderBuiltUrl: (filename, { hostType }) =>
      hostType === 'html' ? `__BASE_PATH__/${filename}` : { relative: true },
  },
  build: {
    outDir: fileURLToPath(new URL('../dist/ui', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_800,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8090' } },
}));
