import { defineConfig } from 'vitest/config';

const isCi = process.env.CI !== undefined && process.env.CI !== '';

const shared = {
  exclude: ['**/node_modules/**', '**/dist/**'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  pool: 'forks' as const,
};

/** Real processes on a busy machine may be late once; what fails twice has failed. */
const retry = isCi ? 1 : 0;

/** `unit` is pure and reads the sources; `system` imports the built packages by name and meets real databases and processes. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: isCi ? ['default', 'json'] : ['default'],
    outputFile: { json: 'coverage/test-results.json' },
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'packages/*/ui/src/**/*.test.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'system',
          retry,
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/support/postgres-broker.ts'],
        },
      },
    ],
  },
});
