import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError, UserErrors } from '../../src/core/errors.js';
import { maskOf } from '../../src/core/mask.js';
import { maskError } from '../../src/core/mask-error.js';

const SECRET = 's3cr3t "\\ä+/';

describe('a mask', () => {
  const mask = maskOf([SECRET]);

  test.each([
    ['as it is', `token=${SECRET}!`],
    ['in JSON', JSON.stringify({ token: SECRET })],
    ['in JSON inside JSON', JSON.stringify(JSON.stringify({ token: SECRET }))],
    ['in JSON that is all ASCII', '{"token":"s3cr3t \\\\\\"\\\\\\\\\\u00e4+\\/"}'.replaceAll('\\\\', '\\')],
    ['as console.log shows it', inspect({ token: SECRET })],
    ['in a URL', `https://x/?t=${encodeURIComponent(SECRET)}`],
    ['in Base64', Buffer.from(SECRET).toString('base64')],
    ['in Base64 behind a user name', Buffer.from(`user:${SECRET}`).toString('base64')],
    ['in Base64 behind two bytes', Buffer.from(`u:${SECRET}`).toString('base64')],
    ['in Base64 for URLs', Buffer.from(SECRET).toString('base64url')],
  ])('hides a secret %s', (_, text) => {
    const masked = mask.text(text);
    expect(masked).toContain('***');
    for (const form of [
      SECRET,
      's3cr3t',
      encodeURIComponent(SECRET),
      Buffer.from(SECRET).toString('base64').slice(4, 12),
    ]) {
      expect(masked).not.toContain(form);
    }
  });

  test.each([0, 1, 2, 3].flatMap((before) => [0, 1, 2].map((behind) => [before, behind] as const)))(
    'leaves no bit of a secret in Base64 between %i and %i other bytes, whatever these and its ends are',
    (before, behind) => {
      for (const seed of [0x00, 0x5a, 0xff, 0x3e]) {
        for (const secret of ['tokenA', 'tokenBc', '~oken?>~', '\u00ffbyte\u00ff']) {
          const bytes = [Buffer.alloc(before, seed), Buffer.from(secret), Buffer.alloc(behind, seed)];
          const length = bytes[1]!.length;
          for (const kind of ['base64', 'base64url'] as const) {
            const text = Buffer.concat(bytes).toString(kind);
            // A character stands for six bits.
            const first = Math.floor((before * 8) / 6);
            const end = Math.ceil(((before + length) * 8) / 6);
            expect(maskOf([secret]).text(`<${text}>`)).toBe(`<${text.slice(0, first)}***${text.slice(end)}>`);
          }
        }
      }
    },
  );

  test('hides every line of a secret that has several, and what spaces are around it', () => {
    const key = maskOf(['-----BEGIN KEY-----\r\nabcdefgh\n  ijklmnop\n}\n']);
    expect(key.text('it reads: abcdefgh, ijklmnop, -----BEGIN KEY-----, }')).toBe('it reads: ***, ***, ***, }');
  });

  test('takes the longer of two secrets of which one begins the other', () => {
    expect(maskOf(['abcd', 'abcdef']).text('abcdefgh abcd')).toBe('***gh ***');
  });

  test('leaves what is too short to be a secret, and everything if there is none', () => {
    expect(maskOf(['2', '', 'abc']).text('epoch 2 of abc')).toBe('epoch 2 of abc');
    expect(maskOf([]).text('anything')).toBe('anything');
  });

  test('goes through values, keys included, and leaves numbers', () => {
    const value = { [SECRET]: [SECRET, { deep: `a ${SECRET}` }], n: 1234, none: null, yes: true };
    expect(mask.json(value)).toEqual({ '***': ['***', { deep: 'a ***' }], n: 1234, none: null, yes: true });
  });

  test('whatever the secret and the text around it are, the secret is gone', () => {
    const secret = fc
      .string({ minLength: 4, unit: 'binary' })
      .filter((text) => text.trim().length >= 4 && !'***'.includes(text.trim()));
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (hidden, before, after) => {
        // What is left may spell the secret by chance only if the stars are part of it.
        fc.pre(!hidden.includes('*'));
        expect(maskOf([hidden]).text(`${before}${hidden}${after}`).split('***')).not.toContain(hidden);
        expect(maskOf([hidden]).text(`${before}${hidden}${after}`)).toContain('***');
      }),
    );
  });
});

describe('an error', () => {
  const mask = maskOf([SECRET]);

  test('loses the secret in problem, fix, stack, cause and graph place, and keeps the rest', () => {
    const cause = new TypeError(`cannot use ${SECRET}`);
    const error = new UserError('X_Y', `No ${SECRET}.`, `Take ${SECRET}.`, {
      place: { kind: 'graph', node: `n ${SECRET}`, opType: 'Conv' },
      class: 'stage',
      option: ['a', 1],
      cause,
    });
    const masked = maskError(error, mask) as UserError;
    expect(masked).toMatchObject({
      code: 'X_Y',
      problem: 'No ***.',
      fix: 'Take ***.',
      class: 'stage',
      option: ['a', 1],
    });
    expect(masked.place).toEqual({ kind: 'graph', node: 'n ***', opType: 'Conv' });
    expect(masked.stack).not.toContain(SECRET);
    expect((masked.cause as Error).message).toBe('cannot use ***');
    expect((masked.cause as Error).stack).not.toContain(SECRET);
  });

  test('of several loses it in each; what is no error stays what it is', () => {
    const both = new UserErrors([new UserError('A_B', SECRET, ''), new UserError('C_D', 'fine', '')]);
    expect((maskError(both, mask) as UserErrors).message).toBe('***\nfine');
    expect(maskError(`thrown ${SECRET}`, mask)).toBe('thrown ***');
    expect(maskError(undefined, mask)).toBeUndefined();
  });
});
