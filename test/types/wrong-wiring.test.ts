import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const folder = new URL('./errors/', import.meta.url).pathname;
const page = new URL('../../docs/reference/what-does-not-compile.md', import.meta.url).pathname;

/** The order of the page: what is wrong with values, with options, with what is outside of the file, with the shape. */
const FILES = [
  'wrong-input wrong-use date-is-text missing-input misnamed-input wrong-field missing-field',
  'unknown-option unknown-task-option unknown-trigger-rule',
  'unknown-param wrong-param-value wrong-conf wrong-variable wrong-variable-default wrong-variable-use wrong-connection',
  'wrong-branch wrong-branch-list wrong-side output-has-no-order expand-no-list wrong-element wrong-group-element',
  'missing-partial-option wrong-expanded-option',
].flatMap((line) => line.split(' '));

interface CompilerError {
  readonly line: number;
  readonly message: string;
}

/** What the compiler says first about each file. */
async function compile(): Promise<ReadonlyMap<string, CompilerError>> {
  const args = ['tsc', '-p', folder, '--pretty', 'false'];
  const { stdout } = await promisify(execFile)('npx', args).catch((failed: { stdout: string }) => failed);
  const errors = new Map<string, CompilerError>();
  const blocks = stdout.matchAll(/^(?:.*\/)?([\w-]+)\.ts\((\d+),\d+\): error (.*(?:\n {2}.*)*)$/gm);
  for (const [, file, line, message] of blocks) {
    if (!errors.has(file!)) errors.set(file!, { line: Number(line), message: message! });
  }
  return errors;
}

/** A file says what is wrong in a comment above the line. */
function read(file: string): { text: string; title: string; line: number } {
  const text = readFileSync(`${folder}${file}.ts`, 'utf8');
  const lines = text.split('\n');
  const comment = lines.findIndex((line) => line.trim().startsWith('// Wrong: '));
  const what = lines[comment]!.trim().slice('// Wrong: '.length).replace(/\.$/, '');
  return { text, title: what[0]!.toUpperCase() + what.slice(1), line: comment + 2 };
}

function section(file: string, { message }: CompilerError): string {
  const { text, title } = read(file);
  return `## ${title}\n\n\`\`\`ts\n${text}\`\`\`\n\n\`\`\`text\n${message}\n\`\`\`\n`;
}

const INTRODUCTION = `# What does not compile

Wiring that is wrong is a red line in the editor, and an error of \`tsflow check\`, before anything runs. This page shows what one gets for each kind
of mistake. A test compiles every example and compares each message with this page; it writes the page anew with
\`TSFLOW_WRITE_DOCS=1 npx vitest run test/types\`.

What types cannot say is said when the file is loaded, with file, line and "did you mean": two tasks of one id, a cycle, a bad schedule, a missing file.
`;

test('wrong wiring does not compile, the message leads to the line, and the page shows it as it is', async () => {
  const errors = await compile();
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  expect([...errors.keys()].sort()).toEqual(files.map((name) => name.slice(0, -'.ts'.length)).sort());
  expect([...FILES].sort()).toEqual([...errors.keys()].sort());
  for (const file of FILES) expect(errors.get(file)!.line, file).toBe(read(file).line);
  const written = [INTRODUCTION, ...FILES.map((file) => section(file, errors.get(file)!))].join('\n');
  if (process.env.TSFLOW_WRITE_DOCS === '1') writeFileSync(page, written);
  expect(readFileSync(page, 'utf8')).toBe(written);
});
