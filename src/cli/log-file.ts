import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Listener, RunEvent } from '../run/events.js';
import type { LogLevel } from './view/view.js';

/** Writes the events of a run as JSON lines into log.jsonl of its folder. */
export function logFile(level: LogLevel): Listener {
  let logger: Logger | undefined;
  return (event) => {
    if (event.type === 'run-start') {
      // Synchronous: what a run that dies did last must be in the file.
      const destination = pino.destination({ dest: join(event.folder, 'log.jsonl'), sync: true });
      logger = pino(
        { level: level === 'debug' ? 'debug' : 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime },
        destination,
      );
    }
    if (logger !== undefined) write(logger, event);
  };
}

function write(logger: Logger, event: RunEvent): void {
  switch (event.type) {
    case 'run-start':
      logger.info({ event: event.type, runId: event.runId, cells: event.cells.map((cell) => cell.id) });
      break;
    case 'stage-progress':
      logger.debug({ event: event.type, cell: event.cell, fraction: event.fraction, values: event.values });
      break;
    case 'stage-log':
      logger[event.level]({ event: event.type, cell: event.cell, details: event.details }, event.message);
      break;
    case 'stage-end': {
      const { status, why, durationMs, metrics, error } = event.record;
      const line = { event: event.type, cell: event.cell, status, why, durationMs, metrics, error };
      if (error === null) logger.info(line);
      else logger.error(line);
      break;
    }
    case 'warning':
      logger.warn({ event: event.type }, event.message);
      break;
    case 'run-end':
      logger.info({ event: event.type, status: event.record.status });
      break;
    default:
      logger.info({ ...event, event: event.type, type: undefined });
  }
}
