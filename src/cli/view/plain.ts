import type { RunEvent } from '../../run/events.js';
import { continued } from '../printable.js';
import type { Terminal } from '../terminal.js';
import { endLine } from './end-line.js';
import { logLine } from './log-line.js';
import { progressLine } from './progress-line.js';
import { isShown, type LogLevel, type View } from './view.js';

/** One line per event, for a pipe or a log file. Warnings go to standard error. */
export function plainView(terminal: Terminal, level: LogLevel): View {
  const startedAt = new Map<string, number>();
  const toldAt = new Map<string, number>();

  function show(event: RunEvent): void {
    switch (event.type) {
      case 'stage-start':
        startedAt.set(event.cell, performance.now());
        toldAt.set(event.cell, performance.now());
        if (isShown('info', level)) terminal.out(`${event.cell}: started (${event.why})`);
        break;
      case 'stage-progress': {
        const now = performance.now();
        if (!isShown('info', level) || now - (toldAt.get(event.cell) ?? 0) < PROGRESS_INTERVAL_MS) break;
        toldAt.set(event.cell, now);
        const elapsed = now - (startedAt.get(event.cell) ?? now);
        terminal.out(`${event.cell}: ${progressLine(event.fraction, event.values, elapsed)}`);
        break;
      }
      case 'stage-log':
        if (!isShown(event.level, level)) break;
        if (event.level === 'warn') terminal.err(`${event.cell}: warning: ${continued(event.message)}`);
        else terminal.out(`${event.cell}: ${continued(logLine(event.message, event.details))}`);
        break;
      case 'stage-end':
        if (isShown('info', level)) terminal.out(`${event.cell}: ${firstLine(endLine(event.record))}`);
        break;
      case 'warning':
        if (isShown('warn', level)) terminal.err(`warning: ${continued(event.message)}`);
        break;
    }
  }

  return { listener: show, close: async () => {} };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

const PROGRESS_INTERVAL_MS = 5000;
