import type { Command } from 'commander';
import { performHere } from '../command-context.ts';

export function register(program: Command): void {
  const config = program.command('config').description('print every setting and where it comes from');
  config
    .command('list')
    .description('every setting with its value, its name in the environment and its source')
    .action(
      performHere('installation', async (context) => {
        const { settings } = await context.settings();
        context.out.table(
          settings,
          [
            { title: 'setting', value: (setting) => setting.name },
            { title: 'value', value: (setting) => setting.value },
            { title: 'source', value: (setting) => setting.source },
            { title: 'environment', value: (setting) => setting.variable },
            { title: 'description', value: (setting) => setting.description },
          ],
          '',
        );
        return undefined;
      }),
    );
}
