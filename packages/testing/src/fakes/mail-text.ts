/** A mail as it was sent, read back into words. */
export interface MailText {
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | null;
  readonly html: string | null;
}

/** Reads what went over the wire: headers with encoded words, plain text and HTML in the encodings that mailers use. */
export function readMail(source: string): MailText {
  const { headers, body } = partOf(source);
  const leaves = leavesOf(headers, body);
  const textOf = (type: string) => leaves.find((leaf) => leaf.type === type)?.text ?? null;
  return { headers, text: textOf('text/plain'), html: textOf('text/html') };
}

interface Leaf {
  readonly type: string;
  readonly text: string;
}

function leavesOf(headers: MailText['headers'], body: string): readonly Leaf[] {
  const contentType = headers['content-type'] ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) {
    const type = contentType.split(';')[0]!.trim().toLowerCase();
    const text = decoded(body, headers['content-transfer-encoding'] ?? '7bit');
    return [{ type, text: text.replaceAll('\r\n', '\n').replace(/\n$/, '') }];
  }
  return body
    .split(`--${boundary}`)
    .slice(1, -1)
    .flatMap((part) => {
      const inner = partOf(part.replace(/^\r\n/, ''));
      return leavesOf(inner.headers, inner.body.replace(/\r\n$/, ''));
    });
}

function partOf(source: string): { readonly headers: Record<string, string>; readonly body: string } {
  const end = source.indexOf('\r\n\r\n');
  const head = (end < 0 ? source : source.slice(0, end)).replace(/\r\n[ \t]+/g, ' ');
  const headers = head.split('\r\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), words(line.slice(colon + 1).trim())];
  });
  return { headers: Object.fromEntries(headers), body: end < 0 ? '' : source.slice(end + 4) };
}

/** `=?UTF-8?Q?caf=C3=A9?=` and its like; space between two of them is not part of the text. */
function words(text: string): string {
  return text
    .replace(/(\?=)\s+(=\?)/g, '$1$2')
    .replace(/=\?[\w-]+\?([BQ])\?([^?]*)\?=/gi, (_, encoding: string, word: string) =>
      encoding.toUpperCase() === 'B'
        ? decoded(word, 'base64')
        : decoded(word.replaceAll('_', ' '), 'quoted-printable'),
    );
}

function decoded(text: string, encoding: string): string {
  if (encoding.toLowerCase() === 'base64') return Buffer.from(text, 'base64').toString('utf8');
  if (encoding.toLowerCase() !== 'quoted-printable') return text;
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
