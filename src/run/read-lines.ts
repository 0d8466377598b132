import type { Readable } from 'node:stream';
import type { Mask } from '../core/mask.js';

/** What goes beyond this of one line is left out. */
export const LINE_LENGTH_MAX = 16_384;

/**
 * Calls `onLine` for every line of a stream of UTF-8, without secrets. However long a line is, only its beginning is kept in memory.
 * @returns ends that, after what has come of a last line
 */
export function readLines(stream: Readable, mask: Mask, onLine: (line: string) => void): () => void {
  let line = '';
  let isCut = false;
  // A secret may begin before the cut and end behind it.
  const room = LINE_LENGTH_MAX + mask.longest;
  const add = (part: string) => {
    line += part.slice(0, room - line.length);
    isCut ||= line.length === room;
  };
  const end = () => {
    const text = mask.text(line);
    onLine(isCut || text.length > LINE_LENGTH_MAX ? `${text.slice(0, LINE_LENGTH_MAX)} …` : text);
    line = '';
    isCut = false;
  };
  let held = '';
  stream.setEncoding('utf8');
  const onData = (chunk: string) => {
    // Whether a carriage return is half of a line's end, the next character tells.
    const text = held + chunk;
    held = text.endsWith('\r') ? '\r' : '';
    const parts = text.slice(0, text.length - held.length).split(/\r\n|\n|\r/);
    parts.forEach((part, index) => {
      add(part);
      if (index < parts.length - 1) end();
    });
  };
  const finish = () => {
    stream.off('data', onData);
    stream.off('end', finish);
    if (line !== '') end();
  };
  stream.on('data', onData);
  stream.on('end', finish);
  return finish;
}
