import { Command, CommanderError } from 'commander';
import { EXIT_CODES, EXIT_CODES_HELP, exitCodeOf } from './exit-code.ts';
import { type Noun, nouns } from './nouns.ts';
import { endQuietlyWhenPipeCloses, Output } from './output/output.ts';
import { release } from './release.ts';

/** Runs one command line (without `node` and the script) and sets the process's exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyWhenPipeCloses();
  try {
    const program = await programFor(argv);
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    process.exitCode = report(thrown, argv);
  }
}

/** The program with the noun of this command line loaded in full, and of all others just the summary. */
export async function programFor(argv: readonly string[]): Promise<Command> {
  const program = new Command('tsflow')
    .description('Schedules and runs the DAGs of a project written in TypeScript.')
    .version(release(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--json', 'print the result as JSON')
    .option('--verbose', 'tell where an error comes from')
    .option('--home <folder>', 'state of the installation (TSFLOW_HOME)')
    .option('--dags <folder>', 'folder of DAG files (TSFLOW_DAGS)')
    .option('--database-url <url>', 'metadata database (TSFLOW_DATABASE_URL)')
    .option(
      '--server <url>',
      'work through a server instead (TSFLOW_SERVER_URL); its token is in TSFLOW_TOKEN',
    )
    .option('--token-file <file>', 'file with the API token for that server (TSFLOW_TOKEN_FILE)')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError()
    .addHelpText('after', `\n${EXIT_CODES_HELP}`)
    .exitOverride();
  const wanted = nounOf(argv);
  for (const noun of nouns) {
    if (noun === wanted) (await noun.load()).register(program);
    else program.command(noun.name).description(noun.summary).allowUnknownOption().allowExcessArguments();
  }
  return program;
}

/** The first word that is a noun, past global options and their values; of `help <noun>` too. */
function nounOf(argv: readonly string[]): Noun | undefined {
  const withValue = new Set(['--home', '--dags', '--database-url', '--server', '--token-file']);
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (withValue.has(word)) i += 1;
    else if (!word.startsWith('-') && word !== 'help') return nouns.find((noun) => noun.name === word);
  }
  return undefined;
}

function report(thrown: unknown, argv: readonly string[]): number {
  const output = new Output({ json: argv.includes('--json'), verbose: argv.includes('--verbose') });
  if (thrown instanceof CommanderError) {
    // commander has said what is wrong, or printed the help that was asked for.
    if (thrown.exitCode === 0) return EXIT_CODES.ok;
    const message = thrown.message.replace(/^error: /, '');
    if (output.json) output.print(JSON.stringify({ error: { code: 'invalid_input', message } }, null, 2));
    return EXIT_CODES.usage;
  }
  output.failure(thrown);
  return exitCodeOf(thrown);
}
