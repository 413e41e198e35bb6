import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { programFor } from '../../packages/cli/src/program.ts';

type Command = Awaited<ReturnType<typeof programFor>>;
type Option = Command['options'][number];

const root = new URL('../../', import.meta.url).pathname;
const pages = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !name.startsWith('adr/'))
  .map((name) => `docs/${name}`);

/** Commands as a page gives them: a line of an indented or fenced block, or a span that begins with `tsflow`. */
function commandsOf(page: string): readonly string[] {
  const text = readFileSync(root + page, 'utf8');
  const lines = text.matchAll(/^(?: {4})?(?:\$ )?(?:npx )?(tsflow [a-z].*)$/gm);
  const spans = text.matchAll(/`(?:npx )?(tsflow [a-z][^`]*)`/g);
  return [...new Set([...lines, ...spans].map(([, command]) => command!.replace(/\s+#.*$/, '').trim()))];
}

/** What stands for something: `…`, `<dag>`, a choice `list|show`. */
const isPlaceholder = (word: string) => /[…<>|[\]]/.test(word);

/** Throws the first word that the command line does not know. */
async function checkCommand(line: string): Promise<void> {
  const words = (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).slice(1);
  let command: Command = await programFor(words);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (['>', '|', '&&', ';'].includes(word)) return;
    if (isPlaceholder(word) || word === '...') continue;
    if (word.startsWith('-') && word !== '-') {
      const flag = word.split('=')[0]!;
      const known = optionsOf(command).find(({ short, long }) => flag === short || flag === long);
      if (known === undefined && flag !== '--help')
        throw new Error(`${line}: ${command.name()} has no ${flag}`);
      if (known?.required === true && !word.includes('=')) i += 1;
      continue;
    }
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next !== undefined) command = next;
    else if (command.registeredArguments.length === 0 && defaultOf(command) === undefined)
      throw new Error(`${line}: ${command.name()} has no command ${word}`);
  }
}

/** Its own, those of the command that is meant when none is named, and those of all commands around it. */
function optionsOf(command: Command): readonly Option[] {
  const around: Option[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) around.push(...at.options);
  return [...around, ...(defaultOf(command)?.options ?? [])];
}

function defaultOf(command: Command): Command | undefined {
  const { _defaultCommandName: name } = command as unknown as { _defaultCommandName?: string };
  return command.commands.find((one) => one.name() === name);
}

test.each([...pages, 'README.md', 'dags/README.md'])(
  'the commands of %s exist, with their options',
  async (page) => {
    for (const command of commandsOf(page))
      await expect(checkCommand(command), command).resolves.toBeUndefined();
  },
);

test.each([
  ['tsflow dag list', /no command dag/],
  ['tsflow dags lst', /no command lst/],
  ['tsflow tasks clear etl latest --only-faild', /no --only-faild/],
])('%s is none', async (line, message) => {
  await expect(checkCommand(line)).rejects.toThrow(message);
});
