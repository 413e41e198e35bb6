/** How many characters of one line are drawn: a line of a megabyte would stop the browser; the raw log has all of it. */
const SHOWN_CHARACTERS = 8_000;

/**
 * A line of a task's output as plain, harmless text: terminal sequences (colours, OSC links, cursor movement) are removed, of a
 * carriage-return progress bar only its last picture stays, and characters that would reorder or hide text are named.
 */
export function plainText(raw: string): string {
  let text = raw;
  if (text.includes('\u001b')) text = text.replace(TERMINAL_SEQUENCES, '');
  if (text.includes('\r')) text = lastPicture(text);
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
// C0 but tab, DEL, C1, and the bidirectional and zero-width characters that can make a line read as another one.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are what it looks for
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Levels from quiet to loud; an unknown one counts as info. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

export function levelOf(text: string): Level {
  const word = text.toLowerCase();
  if (word.startsWith('warn')) return 'warn';
  if (word === 'error' || word === 'fatal' || word === 'critical') return 'error';
  return word === 'debug' || word === 'trace' || word === 'silly' || word === 'verbose' ? 'debug' : 'info';
}
