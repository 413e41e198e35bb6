/** Where a text stops being JSON, as an offset; its length when it only ends too early; null when it is JSON. */
export function jsonMistake(text: string): number | null {
  let at = 0;
  const space = () => {
    while (at < text.length && ' \t\n\r'.includes(text[at]!)) at += 1;
  };
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found !== null;
  };
  const eat = (letter: string): boolean => {
    if (text[at] !== letter) return false;
    at += 1;
    return true;
  };
  const list = (close: string, member: () => boolean): boolean => {
    space();
    if (eat(close)) return true;
    for (;;) {
      space();
      if (!member()) return false;
      space();
      if (eat(close)) return true;
      if (!eat(',')) return false;
    }
  };
  const value = (): boolean => {
    space();
    if (eat('{'))
      return list('}', () => {
        if (!take(STRING)) return false;
        space();
        return eat(':') && value();
      });
    if (eat('[')) return list(']', value);
    return take(STRING) || take(NUMBER) || take(WORD);
  };
  if (!value()) return at;
  space();
  return at < text.length ? at : null;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
