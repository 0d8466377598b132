import type { Terminal } from '../terminal.js';
import { jsonView } from './json.js';
import { plainView } from './plain.js';
import type { LogLevel, View } from './view.js';

/** The live list for a person at a terminal, plain lines for a pipe, next to nothing beside `--json`. */
export async function chooseView(
  terminal: Terminal,
  { json, logLevel }: { readonly json: boolean; readonly logLevel: LogLevel },
): Promise<View> {
  if (json) return jsonView(terminal, logLevel);
  // Debug messages would tear a list that is redrawn.
  if (!terminal.isInteractive || logLevel === 'debug' || logLevel === 'silent') return plainView(terminal, logLevel);
  const { liveView } = await import('./live.js');
  return liveView(terminal, logLevel);
}
