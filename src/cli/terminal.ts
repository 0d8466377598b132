import { ANSI_PAINT, NO_PAINT, type Paint } from '../report/paint.js';

/** Where the command line's words go. */
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
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    isInteractive: isWatched(env),
    paint: hasColours(env) ? ANSI_PAINT : NO_PAINT,
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
