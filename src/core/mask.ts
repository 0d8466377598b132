import type { Json } from './canonical-json.js';

/** Takes secrets out of what is shown and stored. */
export interface Mask {
  /** The text with `***` in the place of every secret. */
  text(text: string): string;
  /** The same for all texts of a value, keys included. Numbers are left alone: who counts to a secret's value tells nothing. */
  json<T extends Json>(value: T): T;
  /** The most characters that one secret has: who cuts a text has to look so far ahead. */
  readonly longest: number;
}

/**
 * A mask for some values: as they are, line by line, and as quoted texts (of JSON, or printed by JavaScript), URLs and
 * Base64 (also amid other bytes) have them.
 * @param secrets what is shorter than SECRET_LENGTH_MIN is not masked: it would tear up every other text
 */
export function maskOf(secrets: readonly string[]): Mask {
  const forms = secrets.flatMap(formsOf).filter(({ text }) => text.length >= SECRET_LENGTH_MIN);
  if (forms.length === 0) return OPEN;
  const longestFirst = forms.sort((a, b) => b.text.length - a.text.length);
  const pattern = new RegExp([...new Set(longestFirst.map(formPattern))].join('|'), 'g');
  const text = (each: string) => each.replaceAll(pattern, '***');
  const longest = (longestFirst[0]!.text.length + BASE64_EDGES) * ESCAPE_LENGTH;
  return { text, json: (value) => inJson(value, text), longest };
}

/** The fewest characters of what can be a secret. */
export const SECRET_LENGTH_MIN = 4;

const OPEN: Mask = { text: (text) => text, json: (value) => value, longest: 0 };

/** One way to write a secret, and the characters of which one may stand before and one behind it that hold bits of it, too. */
interface Form {
  readonly text: string;
  readonly before: readonly string[];
  readonly behind: readonly string[];
}

function formsOf(secret: string): Form[] {
  const whole = secret.trim();
  if (whole.length < SECRET_LENGTH_MIN) return [];
  return [secret, whole, ...whole.split(/[\r\n]+/).map((line) => line.trim())].flatMap((part) => [
    alone(part),
    // Half a character would make it throw.
    alone(encodeURIComponent(Buffer.from(part).toString())),
    ...base64Forms(Buffer.from(part)),
  ]);
}

function alone(text: string): Form {
  return { text, before: [], behind: [] };
}

function formPattern({ text, before, behind }: Form): string {
  return oneOf(before) + quotedPattern(text) + oneOf(behind);
}

/** Where a text was cut, neither need be there. */
function oneOf(characters: readonly string[]): string {
  return characters.length === 0 ? '' : `(?:${characters.map(quotedPattern).join('|')})?`;
}

/** Matches a text whether it stands alone or in quotes, and in quotes inside quotes. */
function quotedPattern(text: string): string {
  return text.replaceAll(/\\+|[^\w\\]/g, (part) => {
    // Every level of quotes doubles them.
    if (part.startsWith('\\')) return `\\\\{${part.length},${part.length * BACKSLASHES_MAX}}`;
    const unit = part.charCodeAt(0);
    const hex = unit.toString(16);
    const codes = [`u${hex.padStart(4, '0')}`, ...(unit < 256 ? [`x${hex.padStart(2, '0')}`] : [])];
    const escapes = [...codes, ...codes.map((code) => code[0] + code.slice(1).toUpperCase()), ...(LETTERS[part] ?? [])];
    const literal = `\\u${hex.padStart(4, '0')}`;
    return `(?:\\\\{0,${BACKSLASHES_MAX}}${literal}|\\\\{1,${BACKSLASHES_MAX}}(?:${escapes.join('|')}))`;
  });
}

/** At four levels of quotes; a limit, so that no text can take long. */
const BACKSLASHES_MAX = 16;

const LETTERS: Readonly<Record<string, readonly string[]>> = {
  '\n': ['n'],
  '\r': ['r'],
  '\t': ['t'],
  '\b': ['b'],
  '\f': ['f'],
  '\v': ['v'],
};

/** The most characters that quoting makes of one, at two levels: \\u00e4. */
const ESCAPE_LENGTH = 7;

/** How bytes look in Base64, by how many bytes (modulo 3) stand before them. A character at an end holds bits of their neighbours as well. */
function base64Forms(bytes: Buffer): Form[] {
  if (bytes.length < BASE64_BYTES_MIN) return [];
  return [0, 1, 2].flatMap((before) => {
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    const amid = (neighbour: number) =>
      Buffer.concat([Buffer.alloc(before, neighbour), bytes, Buffer.of(neighbour)]).toString('base64');
    const text = amid(0).slice(from, to);
    const edge = (position: number) => {
      const characters = NEIGHBOURS.map((neighbour) => amid(neighbour)[position]!);
      return [...new Set([...characters, ...characters.map(forUrls)])];
    };
    const form = {
      text,
      before: before === 0 ? [] : edge(from - 1),
      // Padding stands for zeros, which a neighbour may be as well.
      behind: (before + bytes.length) % 3 === 0 ? [] : edge(to),
    };
    return [form, { ...form, text: forUrls(text) }];
  });
}

/** Of a byte next to a secret, its last four bits or its first four share a character with it: here both are every number. */
const NEIGHBOURS = Array.from({ length: 16 }, (_, nibble) => nibble * 0x11);

/** Base64 has one character before and one behind what is surely there. */
const BASE64_EDGES = 2;

function forUrls(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

/** Fewer would leave two or three characters that any text may have. */
const BASE64_BYTES_MIN = 6;

function inJson<T extends Json>(value: T, text: Mask['text']): T {
  const visit = (part: Json): Json => {
    if (typeof part === 'string') return text(part);
    if (Array.isArray(part)) return part.map(visit);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [text(key), visit(item as Json)]));
  };
  return visit(value) as T;
}
