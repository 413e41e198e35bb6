/** A passage of a file around the line that is meant. */
export interface CodeFrame {
  readonly firstLine: number;
  readonly content: string;
  readonly marked: number | undefined;
  readonly caret: number | undefined;
}

const LINE = /^([> ]) +(\d+) \|(?: (.*))?$/;
const CARET = /^ +\| (.*)\^$/;

/** Reads a code frame as the dag processor writes it (`> 3 | const x`); null when it looks otherwise. */
export function codeFrame(text: string): CodeFrame | null {
  const numbers: number[] = [];
  const content: string[] = [];
  let marked: number | undefined;
  let caret: number | undefined;
  for (const line of text.split('\n')) {
    const numbered = LINE.exec(line);
    const below = CARET.exec(line);
    if (numbered) {
      numbers.push(Number(numbered[2]));
      content.push(numbered[3] ?? '');
      if (numbered[1] === '>') marked = Number(numbered[2]);
    } else if (below) caret = below[1]!.length + 1;
    else return null;
  }
  const firstLine = numbers[0];
  if (firstLine === undefined || numbers.some((number, at) => number !== firstLine + at)) return null;
  return { firstLine, content: content.join('\n'), marked, caret };
}
