/** A piece of a line and what it is; no kind: plain text. */
export interface Token {
  readonly text: string;
  readonly kind?: 'comment' | 'string' | 'keyword' | 'number';
}

/** Files longer than this are shown without colours: the page would do little else. */
const LONGEST = 400_000;

/**
 * The lines of a file in pieces to be coloured. Enough of TypeScript, JavaScript, SQL, YAML and JSON to read by, not a parser: what
 * it does not know stays plain.
 */
export function tokenLines(path: string, content: string): readonly (readonly Token[])[] {
  const grammar = content.length > LONGEST ? undefined : GRAMMARS.find(({ files }) => files.test(path));
  const lines: Token[][] = [[]];
  const add = (text: string, kind?: Token['kind']) => {
    for (const [at, part] of text.split(/\r?\n/).entries()) {
      if (at > 0) lines.push([]);
      if (part !== '') lines.at(-1)!.push(kind === undefined ? { text: part } : { text: part, kind });
    }
  };
  if (grammar === undefined) {
    add(content);
    return lines;
  }
  let from = 0;
  for (const match of content.matchAll(grammar.tokens)) {
    const [text] = match;
    const kind = kindOf(match.groups!, text, grammar.keywords);
    if (kind === undefined) continue;
    add(content.slice(from, match.index));
    add(text, kind);
    from = match.index + text.length;
  }
  add(content.slice(from));
  return lines;
}

function kindOf(
  groups: Readonly<Record<string, string | undefined>>,
  text: string,
  keywords: ReadonlySet<string>,
): Token['kind'] {
  if (groups.comment !== undefined) return 'comment';
  if (groups.string !== undefined) return 'string';
  if (groups.number !== undefined) return 'number';
  return keywords.has(text) || keywords.has(text.toUpperCase()) ? 'keyword' : undefined;
}

interface Grammar {
  readonly files: RegExp;
  readonly tokens: RegExp;
  readonly keywords: ReadonlySet<string>;
}

const words = (text: string) => new Set(text.split(' '));

const GRAMMARS: readonly Grammar[] = [
  {
    files: /\.[cm]?[jt]sx?$|\.json$/,
    // A template is one string, what stands in its braces included; nested templates are rare enough.
    tokens:
      /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`)|(?<number>\b\d[\d_]*(?:\.\d+)?n?\b)|(?<word>[A-Za-z_$][\w$]*)/g,
    keywords: words(
      'as async await break case catch class const continue default delete do else enum export extends false finally for from function if implements import in instanceof interface let new null of readonly return satisfies static super switch this throw true try type typeof undefined using var void while yield',
    ),
  },
  {
    files: /\.sql$/,
    tokens:
      /(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:''|[^'])*')|(?<number>\b\d+(?:\.\d+)?\b)|(?<word>[A-Za-z_]\w*)/g,
    keywords: words(
      'ALL AND AS ASC BETWEEN BY CASE CAST CREATE DELETE DESC DISTINCT DROP ELSE END EXCEPT EXISTS FROM FULL GROUP HAVING IN INNER INSERT INTO IS JOIN LEFT LIKE LIMIT MERGE NOT NULL ON OR ORDER OUTER OVER PARTITION REPLACE RIGHT SELECT SET TABLE THEN UNION UPDATE USING VALUES VIEW WHEN WHERE WITH',
    ),
  },
  {
    files: /\.(ya?ml|toml|sh|env|ini)$/,
    tokens:
      /(?<comment>#[^\n]*)|(?<string>'[^'\n]*'|"(?:\\.|[^"\\\n])*")|(?<number>\b\d+(?:\.\d+)?\b)|(?<word>[A-Za-z_]\w*)/g,
    keywords: words('true false null'),
  },
];
