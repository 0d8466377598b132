import type { Failure } from '../run/failure.js';
import { showError } from './show-error.js';
import type { Terminal } from './terminal.js';

/** Tells what failed in a run, each under the stage to which it belongs. */
export function showFailures(terminal: Terminal, failures: readonly Failure[], showsStacks: boolean): void {
  for (const { cell, error } of failures) {
    terminal.err(`\n${terminal.paint.bad(cell === null ? 'Failed:' : `Stage ${cell} failed:`)}`);
    showError(terminal, error, showsStacks);
  }
}
