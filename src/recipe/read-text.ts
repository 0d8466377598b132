import { open } from 'node:fs/promises';
import { UserError } from '../core/errors.js';
import { readUpTo } from '../core/read-bounded.js';
import { recipeInstead } from './missing-recipe.js';

/** Far above any recipe that a person writes; keeps the time to refuse a bad file short. */
export const RECIPE_BYTES_MAX = 1_000_000;

/** A recipe's text. Throws RECIPE_READ, RECIPE_TOO_LARGE or RECIPE_ENCODING. */
export async function readRecipeText(file: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    const handle = await open(file, 'r');
    try {
      const found = await readUpTo(handle, RECIPE_BYTES_MAX);
      if (found === null) throw tooLarge(file);
      bytes = found;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const isMissing = (cause as { code?: string }).code === 'ENOENT';
    const fix = isMissing ? recipeInstead(file) : 'Check the path.';
    throw new UserError('RECIPE_READ', `The recipe cannot be read: ${reason(cause)}.`, fix, {
      place: { kind: 'file', file },
      cause,
      class: 'usage',
    });
  }
  return decodeRecipe(bytes, file);
}

/** Bytes as text; a byte order mark of UTF-8 is dropped. Throws RECIPE_TOO_LARGE or RECIPE_ENCODING. */
export function decodeRecipe(bytes: Uint8Array, file: string): string {
  if (bytes.length > RECIPE_BYTES_MAX) throw tooLarge(file);
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const wrong = (what: string, cause?: unknown) =>
    new UserError('RECIPE_ENCODING', `The recipe is ${what}.`, 'Save it as UTF-8.', {
      place: { kind: 'file', file },
      cause,
      class: 'usage',
    });
  if (isUtf16) throw wrong('encoded as UTF-16');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw wrong(`not UTF-8: line ${lineOfBadByte(bytes)} has bytes that are no character`, cause);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text)) throw wrong('not a text: it has control characters');
  return text;
}

function tooLarge(file: string): UserError {
  return new UserError(
    'RECIPE_TOO_LARGE',
    `The recipe has more than ${RECIPE_BYTES_MAX} bytes, the most that are read.`,
    'Keep data in files of their own and name them in the recipe.',
    { place: { kind: 'file', file }, class: 'usage' },
  );
}

function reason(cause: unknown): string {
  const code = (cause as { code?: string }).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'permission denied';
  return cause instanceof Error ? cause.message : String(cause);
}

function lineOfBadByte(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  let start = 0;
  for (let end = 0; end <= bytes.length; end++) {
    if (end < bytes.length && bytes[end] !== 0x0a) continue;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
    line++;
  }
  return line;
}
