import { expect, it } from 'vitest';
import { taskLine } from './task-line.ts';

const files = [
  { path: 'a.ts', content: "const names = ['load'];\ntask('extract', run);\ntask(\n  'load',\n);" },
  { path: 'b.ts', content: "new BashOperator({ taskId: 'load' })" },
];

it.each([
  ['extract', { path: 'a.ts', line: 2 }],
  ['group.load', { path: 'b.ts', line: 1 }],
  ['nowhere', null],
  ['lo(ad', null],
])('%s', (taskId, place) => expect(taskLine(files, taskId)).toEqual(place));
