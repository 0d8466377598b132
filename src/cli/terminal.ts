import { ANSI_PAINT, NO_PAINT, type Paint } from '../report/paint.js';
import { EXIT } from './exit-code.js';
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

/**
 * The terminal of this process. A reader that has gone (`| head`) is no error; what is written then is lost. That a file takes no more
 * ends nothing either, since what runs is worth more than its words, but the process exits with EXIT.infrastructure.
 */
export function processTerminal(env: NodeJS.ProcessEnv): Terminal {
  let isLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isLost) return;
    isLost = true;
    process.stderr.write(
      `Standard output cannot be written (${error.code ?? error.message}): what it lacks is lost.\n`,
    );
    failAtExit();
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isLost) return;
    isLost = true;
    failAtExit();
  });
  const paint = hasColours(env) ? ANSI_PAINT : NO_PAINT;
  return {
    out: (text) => void process.stdout.write(`${printable(text, paint)}\n`),
    err: (text) => void process.stderr.write(`${printable(text, paint)}\n`),
    isInteractive: isWatched(env),
    paint,
  };
}

/** At the end, since a command sets its own exit code when it is done. */
function failAtExit(): void {
  process.on('exit', () => {
    process.exitCode ||= EXIT.infrastructure;
  });
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
