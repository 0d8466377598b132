import type { Listener } from '../../run/events.js';

/** Shows a run while it goes on. */
export interface View {
  readonly listener: Listener;
  /** Leaves the terminal in order; called once, after the last event. */
  close(): Promise<void>;
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

export const LOG_LEVELS: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug'];

/** Whether a message of level `message` is shown at the level `shown`. */
export function isShown(message: LogLevel, shown: LogLevel): boolean {
  return LOG_LEVELS.indexOf(message) <= LOG_LEVELS.indexOf(shown);
}
