import { type Command, Option } from 'commander';
import { performHere } from '../command-context.ts';

export function register(program: Command): void {
  program
    .command('dag-processor')
    .description('run the dag processor alone')
    .addOption(new Option('--supervised', 'end when standard input ends').hideHelp())
    .action(
      performHere('installation', async (context, options: { supervised?: boolean }) => {
        const [{ runProcess }, { composeDagProcessor }] = await Promise.all([
          import('../compose/process-life.ts'),
          import('../compose/dag-processor.ts'),
        ]);
        await runProcess(
          context,
          'dag-processor',
          { supervised: options.supervised === true },
          composeDagProcessor,
        );
        return undefined;
      }),
    );
}
