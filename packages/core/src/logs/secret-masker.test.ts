import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MASK, MIN_SECRET_LENGTH, SecretMasker } from './secret-masker.ts';

function maskerOf(...secrets: unknown[]): SecretMasker {
  const masker = new SecretMasker();
  for (const secret of secrets) masker.register(secret);
  return masker;
}

describe('SecretMasker', () => {
  test.each<[string, (secret: string) => string]>([
    ['as it is', (secret) => secret],
    ['JSON', (secret) => JSON.stringify({ secret })],
    ['JSON in JSON', (secret) => JSON.stringify(JSON.stringify({ secret }))],
    ['URL component', encodeURIComponent],
    ['form field', (secret) => new URLSearchParams({ secret }).toString().replace(/^secret=/, '')],
    ['hexadecimal', (secret) => Buffer.from(secret).toString('hex')],
  ])('hides a secret: %s', (_name, encode) => {
    const secret = 'p"ä ss/w+rd=&\\x';
    const text = maskerOf(secret).mask(`before ${encode(secret)} after`);
    expect(text).toMatch(/^before .*after$/);
    expect(text).toContain(MASK);
    expect(text).not.toContain(encode(secret));
  });

  test('hides base64 at every alignment, whatever stands around it', () => {
    const secret = 'correct horse battery';
    const masker = maskerOf(secret);
    for (const before of ['', 'a', 'ab', 'user:']) {
      for (const after of ['', '\n', 'zz']) {
        for (const encoding of ['base64', 'base64url'] as const) {
          const masked = masker.mask(Buffer.from(before + secret + after).toString(encoding));
          const left = Buffer.from(masked.replace(MASK, ''), 'base64').toString();
          expect(left).not.toContain(secret.slice(3, -3));
          expect(masked).toContain(MASK);
        }
      }
    }
  });

  test('hides each line of a key', () => {
    const masker = maskerOf('-----BEGIN KEY-----\nMIIEvgIBADAN\nBgkqhkiG9w0B\n-----END KEY-----\n');
    expect(masker.mask('line: BgkqhkiG9w0B')).toBe('line: ***');
  });

  test('the longer of two secrets goes as a whole', () => {
    expect(maskerOf('hunter', 'hunter22').mask('hunter22 hunter')).toBe('*** ***');
  });

  test('looks for texts in objects and lists, and tells which are too short', () => {
    const masker = new SecretMasker();
    expect(masker.register({ a: ['secret-one'], b: null, port: 5432 })).toBe(true);
    expect(masker.register({ a: 'abc' })).toBe(false);
    expect(masker.maskJson({ 'secret-one': [{ x: 'has secret-one' }, 1, null], abc: 'abc' })).toEqual({
      '***': [{ x: 'has ***' }, 1, null],
      abc: 'abc',
    });
  });

  test('forgets', () => {
    const masker = maskerOf('secret-one');
    masker.clear();
    expect(masker.mask('secret-one')).toBe('secret-one');
  });

  test('no secret is left in any text that holds it', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: MIN_SECRET_LENGTH, maxLength: 40, unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        (secret, before, after) => {
          fc.pre(!secret.includes('*'));
          expect(
            maskerOf(secret)
              .mask(before + secret + after)
              .includes(secret),
          ).toBe(false);
        },
      ),
    );
  });
});
