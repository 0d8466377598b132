import { ANSI_PAINT, NO_PAINT, type Paint } from '../report/paint.js';
import { printable } from './printable.js';

/** Where the command line's words go; all of them, so that none reaches a terminal but through `printable`. */
export interface Terminal {
  /** Writes to standard output, with a newline. */
  out(text: string): void;
  /** Writes to standard error, with a newline. */
  err(text: string): void;
  /** True if a person watches: lines may be redrawn. */
  readonly isInteractive: boolean;
  readonly paint: Paint;
}

/** The terminal of this process. A reader that has gone (`| head`) is no error; what is written then is lost. */
export function processTerminal(env: NodeJS.ProcessEnv): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const paint = hasColours(env) ? ANSI_PAINT : NO_PAINT;
  return {
    out: (text) => void process.stdout.write(`${printable(text, paint)}\n`),
    err: (text) => void process.stderr.write(`${printable(text, paint)}\n`),
    isInteractive: isWatched(env),
    paint,
  };
}

/** A list that is redrawn needs a terminal that knows its width, and some of it. */
function isWatched(env: NodeJS.ProcessEnv): boolean {
  return process.stdout.isTTY === true && process.stdout.columns >= 40 && env.TERM !== 'dumb' && isUnset(env.CI);
}

/** As https://no-color.org says. */
function hasColours(env: NodeJS.ProcessEnv): boolean {
  if (!isUnset(env.NO_COLOR)) return false;
  if (!isUnset(env.FORCE_COLOR)) return env.FORCE_COLOR !== '0';
  return process.stdout.isTTY === true && env.TERM !== 'dumb';
}

function isUnset(value: string | undefined): boolean {
  return value === undefined || value === '';
}
