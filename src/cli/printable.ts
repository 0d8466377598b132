import { ANSI_PAINT, NO_PAINT, type Paint } from '../report/paint.js';

/**
 * The text as it may go to a terminal: characters that a terminal acts on, or that make text read otherwise than it is,
 * are shown as in JSON (\u001b). Recipes, models, data and plugins are others' work, and their names must not clear the
 * screen, write to the clipboard or turn a line around. Line ends, tabs and the colours of `paint` stay.
 */
export function printable(text: string, paint: Paint): string {
  return text.replace(UNPRINTABLE, (found) => (paint === NO_PAINT || !COLOURS.has(found) ? escaped(found) : found));
}

/** Continues a message of several lines so that no line of it can pass for one of Lathe's own. */
export function continued(message: string): string {
  return message.replace(/\r?\n/g, '\n  ');
}

/** What `paint` puts before and behind a text. */
const COLOURS: ReadonlySet<string> = new Set(
  Object.values(ANSI_PAINT).flatMap((paint: (text: string) => string) => paint('|').split('|')),
);

/**
 * Controls (C0 but for tab and line feed, DEL, C1), one of Lathe's colours as a whole, and characters without a width of
 * their own: marks of direction (bidi), of joining lines and words, of annotation, tags, the byte order mark.
 * The joiners U+200C and U+200D stay: Persian and emoji need them.
 */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
  /\u001b\[\d+m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** Valid inside a text of JSON, too: what a program reads does not change. */
function escaped(text: string): string {
  return Array.from({ length: text.length }, (_, i) => {
    const code = text.charCodeAt(i);
    return code > 0x1f && code < 0x7f ? text[i] : `\\u${code.toString(16).padStart(4, '0')}`;
  }).join('');
}
