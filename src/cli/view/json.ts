import { continued } from '../printable.js';
import type { Terminal } from '../terminal.js';
import { isShown, type LogLevel, type View } from './view.js';

/** Warnings on standard error only: standard output belongs to the run record. */
export function jsonView(terminal: Terminal, level: LogLevel): View {
  return {
    listener(event) {
      if (!isShown('warn', level)) return;
      if (event.type === 'warning') terminal.err(`warning: ${continued(event.message)}`);
      if (event.type === 'stage-log' && event.level === 'warn')
        terminal.err(`${event.cell}: warning: ${continued(event.message)}`);
    },
    close: async () => {},
  };
}
