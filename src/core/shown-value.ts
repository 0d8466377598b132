import { canonicalJson, type Json } from './canonical-json.js';

/** A value as a message shows it: texts without quotes where that leaves no doubt, long values cut; undefined is "not set". */
export function shownValue(value: Json | undefined): string {
  if (value === undefined) return NOT_SET;
  const text = typeof value === 'string' && isPlain(value) ? value : canonicalJson(value);
  return text.length <= VALUE_WIDTH ? text : `${text.slice(0, VALUE_WIDTH - 1)}…`;
}

const NOT_SET = 'not set';
const VALUE_WIDTH = 80;

/** True for a text that needs no quotes to be told from numbers, null and nothing. */
function isPlain(text: string): boolean {
  return /^[\w./~][\w ./@+~-]*$/.test(text) && Number.isNaN(Number(text)) && !RESERVED.has(text);
}

const RESERVED: ReadonlySet<string> = new Set(['null', 'true', 'false', NOT_SET]);
