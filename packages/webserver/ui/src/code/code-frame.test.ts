import { expect, it } from 'vitest';
import { codeFrame } from './code-frame.ts';

it('reads what the dag processor writes', () =>
  expect(codeFrame('   9 |\n> 10 | const x = ;\n     |           ^\n  11 | done')).toEqual({
    firstLine: 9,
    content: '\nconst x = ;\ndone',
    marked: 10,
    caret: 11,
  }));

it('leaves anything else to be shown as it is', () => {
  expect(codeFrame('at line 3')).toBeNull();
  expect(codeFrame('> 3 | a\n  9 | b')).toBeNull();
});
