import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserErrors } from '../../src/core/errors.js';
import { formatUserError } from '../../src/core/format-error.js';
import { planText } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { GOOD_FILES, GOOD_RECIPE } from './good-recipe.js';

const LINES = GOOD_RECIPE.split('\n');
const piece = fc.oneof(
  fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ': ',
    '- ',
    '"',
    "'",
    '#',
    '&a ',
    '*a',
    '<<: *a',
    '|\n',
    '>',
    '!x ',
    '\t',
    '\n',
    '  ',
    '${{',
    '}}',
    '---\n',
    '%',
    '@',
    '?',
    '~',
    'null',
    '.nan',
    '0x',
    '__proto__: 1',
    'constructor',
    'toString: x',
  ),
  fc.string({ maxLength: 5, unit: 'grapheme' }),
  fc.constantFrom(...LINES),
);
const edit = fc.record({
  at: fc.nat(GOOD_RECIPE.length),
  remove: fc.oneof(fc.constant(0), fc.nat(12), fc.nat(200)),
  insert: piece,
});

test('whatever is done to a recipe, it is accepted or refused with places inside it, and never slowly', async () => {
  const folder = temporaryFolder(GOOD_FILES);
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      let text = GOOD_RECIPE;
      for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove);
      const error = await planText(text, folder, { environment: { HOME: '/' } }).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      if (error === undefined) return;
      if (!(error instanceof UserErrors)) throw error;
      const lines = text.replace(/^\uFEFF/, '').split('\n');
      for (const { place, code, problem } of error.errors) {
        expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$/);
        expect(problem).not.toMatch(/undefined|\[object|NaN/);
        if (place?.kind !== 'text') continue;
        expect(place.line).toBeLessThanOrEqual(lines.length);
        expect(lines[place.line - 1]).toContain(place.source);
        expect(place.column - 1).toBeLessThanOrEqual(place.source!.length);
      }
      expect(formatUserError(error, { folder })).not.toContain('undefined');
    }),
    { numRuns: 400 },
  );
});

test('a key that JavaScript knows is a key like any other', async () => {
  const folder = temporaryFolder(GOOD_FILES);
  for (const key of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
    const text = GOOD_RECIPE.replace('params:\n', `params:\n  ${key}: 1\n`)
      .replace('batch: 32', `batch: 32\n      ${key}: 3`)
      .replace('teacher: baseline', `teacher: ${key}`)
      .replace('from: check', `from: ${key}`)
      .replace('gzipBytes:', `${key}:`)
      .replace('hash: [', `hash: [${key}, `);
    const error = await planText(text, folder, { environment: {} }).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error, key).toBeInstanceOf(UserErrors);
  }
});
