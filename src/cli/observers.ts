import type { ObserverDefinition } from '../plugin/observer.js';
import type { Listener } from '../run/events.js';

export interface RunObservers {
  readonly listener: Listener;
  /** Waits for observers that are still busy, but not for long. */
  settle(): Promise<void>;
}

const NOBODY: RunObservers = { listener: () => {}, settle: async () => {} };

/** The observers that a recipe's plugins bring, told of a run of this process. */
export async function runObservers(
  definitions: readonly ObserverDefinition[],
  about: { readonly recipe: string; readonly onWarning: (message: string) => void },
): Promise<RunObservers> {
  if (definitions.length === 0) return NOBODY;
  const { observe } = await import('../run/observe.js');
  const observers = observe(definitions, about);
  return {
    listener: observers.listener,
    async settle() {
      const busy = await observers.settle(PATIENCE_MS);
      for (const name of busy) {
        const seconds = PATIENCE_MS / 1000;
        about.onWarning(
          `The observer "${name}" is still busy ${seconds} s after the end of the run, which does not wait.`,
        );
      }
      // What it waits for, a connection for instance, must not keep this process: by then all is written.
      if (busy.length > 0) setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
    },
  };
}

const PATIENCE_MS = 5000;
const LAST_WORDS_MS = 1000;
