import type { SourceFile } from '../api/contract.ts';

/** Where a task is written, as far as a look at the text tells: the first line that has its name in quotes. */
export function taskLine(
  files: readonly SourceFile[],
  taskId: string,
): { readonly path: string; readonly line: number } | null {
  const name = taskId.slice(taskId.lastIndexOf('.') + 1).replace(/[^\w-]/g, '.');
  const quoted = new RegExp(`['"\`]${name}['"\`]`);
  const call = new RegExp(`(?:\\(|taskId:)\\s*['"\`]${name}['"\`]`);
  for (const pattern of [call, quoted])
    for (const { path, content } of files) {
      const line = content.split('\n').findIndex((text) => pattern.test(text));
      if (line >= 0) return { path, line: line + 1 };
    }
  return null;
}
