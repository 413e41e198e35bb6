/** How many characters of one line are drawn: a line of a megabyte would stop the browser; the raw log has all of it. */
const SHOWN_CHARACTERS = 8_000;

/**
 * A message as plain, harmless text: terminal sequences (colours, OSC links, cursor movement) are removed, of a carriage-return
 * progress bar only its last picture stays, and characters that would reorder or hide text are named. Its line breaks stay.
 */
export function plainText(raw: string): string {
  let text = raw;
  if (text.includes('\u001b')) text = text.replace(TERMINAL_SEQUENCES, '');
  if (text.includes('\r')) text = text.split('\n').map(lastPicture).join('\n');
  text = text.replace(CONTROLS, named);
  return text.length > SHOWN_CHARACTERS
    ? `${text.slice(0, SHOWN_CHARACTERS)} … (+${(text.length - SHOWN_CHARACTERS).toLocaleString('en')})`
    : text;
}

function lastPicture(text: string): string {
  const trimmed = text.replace(/\r+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('\r') + 1);
}

function named(character: string): string {
  return `‹U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}›`;
}

// CSI ... final byte, OSC ... (BEL or ST), and two-character escapes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are what it looks for
const TERMINAL_SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// C0 but tab and line feed, DEL, C1, and the bidirectional and zero-width characters that can make a line read as another one.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are what it looks for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Levels from quiet to loud. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

export function isAtLeast(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/** A level as it stands in a URL; undefined when it is none, or leaves nothing out. */
export function levelFrom(text: string | undefined): Level | undefined {
  return LEVELS.slice(1).find((level) => level === text);
}
