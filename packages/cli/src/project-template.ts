import { readFileSync } from 'node:fs';

/** The files of a new project by path. The DAG is small enough to be read at a glance. */
export function projectFiles(name: string): Readonly<Record<string, string>> {
  return {
    'package.json': json({
      name,
      private: true,
      type: 'module',
      engines: { node: '>=20.19.0' },
      scripts: { start: 'tsflow standalone', check: 'tsflow check' },
      dependencies: { '@tsflow/cli': `^${version()}`, '@tsflow/core': `^${version()}` },
      devDependencies: { '@types/node': '^20.19.0', typescript: '^6.0.0' },
    }),
    'tsconfig.json': json({
      compilerOptions: {
        target: 'ES2022',
        lib: ['ES2023'],
        module: 'NodeNext',
        moduleResolution: 'NodeNext',
        types: ['node'],
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        verbatimModuleSyntax: true,
        allowImportingTsExtensions: true,
      },
      include: ['dags', 'tsflow.config.ts'],
    }),
    '.gitignore': 'node_modules/\n.tsflow/\n',
    'dags/hello.ts': HELLO_DAG,
  };
}

const HELLO_DAG = `import { chain, DAG, BashOperator, task } from '@tsflow/core';

export default new DAG({ dagId: 'hello', schedule: '0 9 * * *', timezone: 'UTC', startDate: '2026-01-01' }, () => {
  const greet = task('greet', ({ logicalDate, log }) => {
    log.info('Hello from tsflow');
    return { day: logicalDate.toISOString().slice(0, 10) };
  });

  const count = task('count', (_context, { greeting }) => greeting.day.length, { greeting: greet.output });

  chain(count, new BashOperator({ taskId: 'shell', command: 'echo "It is $(date)"' }));
});
`;

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
