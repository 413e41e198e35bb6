import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { type LocalContext, performHere } from '../command-context.ts';
import { CommandRefusedError } from '../exit-code.ts';
import { projectFiles } from '../project-template.ts';

export function register(program: Command): void {
  program
    .command('init [folder]')
    .description('start a project with a first DAG; files that exist are never overwritten')
    .option('--force', 'also into a folder that has files')
    .action(performHere('files', init));
}

async function init(
  context: LocalContext,
  given: string | undefined,
  options: { force?: boolean },
): Promise<undefined> {
  const folder = resolve(context.cwd, given ?? (await askForFolder()));
  const inUse = existsSync(folder) && readdirSync(folder).some((name) => name !== '.git');
  if (inUse && options.force !== true && !(await confirmUse(folder))) {
    throw new CommandRefusedError(
      `${folder} is not empty: choose another folder, or add --force (nothing is overwritten).`,
    );
  }
  const written: string[] = [];
  const kept: string[] = [];
  for (const [path, content] of Object.entries(projectFiles(packageName(folder)))) {
    const file = join(folder, path);
    if (existsSync(file)) {
      kept.push(path);
      continue;
    }
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    written.push(path);
  }
  context.out.result({ folder, written, kept }, () => {
    const enter = relative(context.cwd, folder);
    return [
      ...written.map((path) => `wrote ${path}`),
      ...kept.map((path) => `kept  ${path}`),
      '',
      'Next:',
      ...(enter === '' ? [] : [`  cd ${enter}`]),
      '  npm install',
      '  npx tsflow dags test hello',
      '  npx tsflow standalone',
    ].join('\n');
  });
  return undefined;
}

/** Asks only people: @clack/prompts never resolves on an input that is closed. */
function onTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

async function askForFolder(): Promise<string> {
  if (!onTerminal()) return '.';
  const { isCancel, text } = await import('@clack/prompts');
  const answer = await text({ message: 'Which folder?', placeholder: '.', defaultValue: '.' });
  if (isCancel(answer)) throw new CommandRefusedError('Nothing was written.');
  return answer;
}

async function confirmUse(folder: string): Promise<boolean> {
  if (!onTerminal()) return false;
  const { confirm } = await import('@clack/prompts');
  const answer = await confirm({
    message: `${folder} is not empty. Add what is missing?`,
    initialValue: false,
  });
  return answer === true;
}

function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'dags' : name;
}
