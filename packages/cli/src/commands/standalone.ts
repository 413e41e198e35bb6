import type { Command } from 'commander';
import { performHere } from '../command-context.ts';

export function register(program: Command): void {
  program
    .command('standalone')
    .description('run everything on this machine: scheduler, dag processor and web server')
    .option('--host <address>', 'address of the web server (TSFLOW_HOST)')
    .option('--port <number>', 'port of the web server (TSFLOW_PORT)')
    .action(
      performHere('installation', async (context) => {
        const { runStandalone } = await import('../compose/standalone.ts');
        await runStandalone(context);
        return undefined;
      }),
    );
}
