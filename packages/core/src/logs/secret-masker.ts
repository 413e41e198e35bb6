/** What stands where a secret stood. */
export const MASK = '***';

/** Shorter values are not masked: `1` or `prod` as a password would blank half of every log. */
export const MIN_SECRET_LENGTH = 5;

/** A line of a multi-line secret (a PEM key) is looked for by itself from this length. */
const MIN_SECRET_LINE_LENGTH = 8;

/**
 * Replaces registered secrets in text before it is written anywhere: as they are, JSON-escaped, URL-encoded, in base64 and
 * hexadecimal, and each line of a multi-line one. Mask before cutting a text, else half a secret survives.
 */
export class SecretMasker {
  readonly #forms = new Set<string>();
  #pattern: RegExp | null = null;

  /**
   * Masks `secret` from now on. Returns whether it is long enough for that: who registers a shorter one should warn. Objects and
   * lists are searched for texts.
   */
  register(secret: unknown): boolean {
    if (typeof secret === 'object' && secret !== null) {
      return Object.values(secret)
        .map((value) => this.register(value))
        .every(Boolean);
    }
    if (typeof secret !== 'string' || secret === '') return true;
    if (secret.length < MIN_SECRET_LENGTH) return false;
    for (const form of formsOf(secret)) this.#forms.add(form);
    for (const line of secret.split(/\r?\n/)) {
      const text = line.trim();
      if (text !== secret && text.length >= MIN_SECRET_LINE_LENGTH)
        for (const form of formsOf(text)) this.#forms.add(form);
    }
    this.#pattern = null;
    return true;
  }

  /** `text` with every registered secret replaced by `***`. */
  mask(text: string): string {
    if (this.#forms.size === 0) return text;
    this.#pattern ??= patternOf(this.#forms);
    return text.replace(this.#pattern, MASK);
  }

  /** A copy of a JSON value with its texts, keys included, masked. */
  maskJson<T>(value: T): T {
    if (this.#forms.size === 0) return value;
    return this.#maskValue(value) as T;
  }

  /** Forgets everything: the next attempt may print what was secret to another. */
  clear(): void {
    if (this.#forms.size === 0) return;
    this.#forms.clear();
    this.#pattern = null;
  }

  #maskValue(value: unknown): unknown {
    if (typeof value === 'string') return this.mask(value);
    if (Array.isArray(value)) return value.map((item) => this.#maskValue(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.mask(key), this.#maskValue(item)]),
    );
  }
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const jsonTwice = JSON.stringify(json).slice(1, -1);
  const url = encodeURIComponent(bytes.toString());
  const forms = [
    secret,
    json,
    jsonTwice,
    url,
    url.replaceAll('%20', '+'),
    encodeURI(bytes.toString()),
    bytes.toString('hex'),
  ];
  for (const lead of [0, 1, 2]) forms.push(...base64Forms(bytes, lead));
  return forms.filter((form) => form.length >= MIN_SECRET_LENGTH);
}

/**
 * The characters that `bytes` make in base64 when `lead` bytes stand before them (`user:` in a Basic header): those that also
 * depend on a neighbour are left out.
 */
function base64Forms(bytes: Buffer, lead: number): string[] {
  const text = Buffer.concat([Buffer.alloc(lead), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const from = lead === 0 ? 0 : lead + 1;
  const to = (lead + bytes.length) % 3 === 0 ? text.length : text.length - 1;
  const core = text.slice(from, to);
  return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
}

function patternOf(forms: ReadonlySet<string>): RegExp {
  // Longest first: a secret that contains another one goes as a whole.
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
}
