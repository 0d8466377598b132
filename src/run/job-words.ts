import type { Json } from '../core/canonical-json.js';
import type { Mask } from '../core/mask.js';
import type { JobEvent } from './job.js';
import { LINE_LENGTH_MAX } from './read-lines.js';

/** What a job may say in all, in characters: a log beyond that is read by nobody and fills the disk. */
const WORDS_MAX = 16_000_000;

/** Passes events of a job on: without secrets, and no more than anybody would read. */
export function jobWords(mask: Mask, onEvent: (event: JobEvent) => void): (event: JobEvent) => void {
  let said = 0;
  return (event) => {
    if (event.type === 'progress') return onEvent({ ...event, values: mask.json({ ...event.values }) });
    if (said > WORDS_MAX) return;
    const message = shortened(mask.text(event.message.slice(0, LINE_LENGTH_MAX + mask.longest)));
    const details = mask.json({ ...event.details });
    const detailsLength = JSON.stringify(details).length;
    said += message.length + detailsLength;
    onEvent({ ...event, message, details: detailsLength > LINE_LENGTH_MAX ? TOO_MUCH : details });
    if (said > WORDS_MAX) {
      onEvent({ type: 'log', level: 'warn', message: 'says too much: the rest is left out of the log', details: {} });
    }
  };
}

const TOO_MUCH: Readonly<Record<string, Json>> = { details: 'too long' };

function shortened(text: string): string {
  return text.length > LINE_LENGTH_MAX + 2 ? `${text.slice(0, LINE_LENGTH_MAX)} …` : text;
}
