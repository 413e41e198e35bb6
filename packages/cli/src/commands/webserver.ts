import { type Command, Option } from 'commander';
import { performHere } from '../command-context.ts';

export function register(program: Command): void {
  program
    .command('webserver')
    .description('run the web server alone')
    .option('--host <address>', 'address to listen on (TSFLOW_HOST)')
    .option('--port <number>', 'port to listen on (TSFLOW_PORT)')
    .addOption(new Option('--supervised', 'end when standard input ends').hideHelp())
    .action(
      performHere('installation', async (context, options: { supervised?: boolean }) => {
        const [{ runProcess }, { composeWebserver }] = await Promise.all([
          import('../compose/process-life.ts'),
          import('../compose/webserver.ts'),
        ]);
        await runProcess(context, 'webserver', { supervised: options.supervised === true }, composeWebserver);
        return undefined;
      }),
    );
}
