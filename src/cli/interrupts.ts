import type { Terminal } from './terminal.js';

export interface Interrupts {
  /** Aborted by the first signal. */
  readonly stop: AbortSignal;
  /** What came first, or null. */
  signal(): NodeJS.Signals | null;
  /** Gives the signals their usual effect back. */
  release(): void;
}

/**
 * Listens for Ctrl-C and SIGTERM: the first asks the running stages to stop, a second one ends them at once.
 * @param kill ends the stages; the run then winds up as usual and writes its record
 */
export function listenForInterrupts(terminal: Terminal, kill: () => void): Interrupts {
  const controller = new AbortController();
  let first: NodeJS.Signals | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    if (first !== null) return kill();
    first = signal;
    terminal.err('Stopping; finished stages are kept. Once more to stop at once.');
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    stop: controller.signal,
    signal: () => first,
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
