import { type Command, Option } from 'commander';
import { performHere } from '../command-context.ts';

export function register(program: Command): void {
  program
    .command('scheduler')
    .description('run the scheduler alone')
    .addOption(new Option('--supervised', 'end when standard input ends').hideHelp())
    .action(
      performHere('installation', async (context, options: { supervised?: boolean }) => {
        const [{ runProcess }, { composeScheduler }] = await Promise.all([
          import('../compose/process-life.ts'),
          import('../compose/scheduler.ts'),
        ]);
        await runProcess(context, 'scheduler', { supervised: options.supervised === true }, composeScheduler);
        return undefined;
      }),
    );
}
