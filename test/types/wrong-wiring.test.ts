import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** What the compiler has to say about each file of `errors/`: where, and a piece of the message that helps its author. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'unknown-option.ts': /^3,.*TS2\d+: .*'shedule' does not exist.*'schedule'/,
  'unknown-param.ts': /^7,.*TS2551: Property 'mod' does not exist.*'mode'/,
  'wrong-branch.ts': /^6,.*TS2322: Type '"whole"' is not assignable/,
  'wrong-input.ts': /^5,.*TS2345: /,
  'wrong-variable.ts': /^4,.*TS2322: Type 'LiveVariable<string>' is not assignable/,
};

test('wrong wiring does not compile, and the message leads to the line', async () => {
  const folder = new URL('./errors/', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)('npx', ['tsc', '-p', folder, '--pretty', 'false']).catch(
    (failed: { stdout: string }) => failed,
  );
  const first = new Map<string, string>();
  for (const [, file, place, message] of stdout.matchAll(
    /^(?:.*\/)?([\w-]+\.ts)\((\d+,\d+)\): error (.*)$/gm,
  )) {
    if (!first.has(file!)) first.set(file!, `${place}: ${message}`);
  }
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  expect([...first.keys()].sort()).toEqual(files.sort());
  for (const file of files) expect(first.get(file), file).toMatch(EXPECTED[file]!);
});
