import type { ObserverDefinition } from '../plugin/observer.js';
import type { Listener, RunEvent } from './events.js';

export interface Observers {
  readonly listener: Listener;
  /** Resolves when all have done with what they were told, or after a while. @returns the names of those that have not */
  settle(timeoutMs: number): Promise<readonly string[]>;
}

/**
 * Tells observers of a run what happens in it. Each gets its own copy of everything, one after the other, and none holds the
 * run up.
 * @param recipe absolute path
 * @param onWarning called once for an observer that throws; it is told nothing more
 */
export function observe(
  definitions: readonly ObserverDefinition[],
  { recipe, onWarning }: { readonly recipe: string; readonly onWarning: (message: string) => void },
): Observers {
  const queues = definitions.map((observer) => new Queue(observer, onWarning));
  const run: KnownRun = { id: '', recipe, uses: new Map() };
  return {
    listener(event) {
      if (event.type === 'run-start') {
        run.id = event.runId;
        for (const { id, uses } of event.cells) run.uses.set(id, uses);
      }
      for (const queue of queues) queue.tell(event, run);
    },
    async settle(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const isOver = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([Promise.all(queues.map((queue) => queue.rest)), isOver]);
      clearTimeout(timer);
      return queues.filter((queue) => queue.isBusy).map((queue) => queue.name);
    },
  };
}

/** What events do not repeat. */
interface KnownRun {
  id: string;
  readonly recipe: string;
  /** Cell to kind of stage. */
  readonly uses: Map<string, string>;
}

/** What one observer has yet to be told. */
class Queue {
  /** Resolves when everything so far has been told. */
  rest: Promise<void> = Promise.resolve();
  private open = 0;
  private hasFailed = false;

  constructor(
    private readonly observer: ObserverDefinition,
    private readonly onWarning: (message: string) => void,
  ) {}

  get name(): string {
    return this.observer.name;
  }

  get isBusy(): boolean {
    return this.open > 0;
  }

  tell(event: RunEvent, run: KnownRun): void {
    const call = this.callFor(event, run);
    if (call === null || this.hasFailed) return;
    this.open++;
    this.rest = this.rest.then(async () => {
      try {
        // Not in the turn of who tells.
        await new Promise(setImmediate);
        if (!this.hasFailed) await call();
      } catch (error) {
        this.hasFailed = true;
        const text = error instanceof Error ? error.message : String(error);
        this.onWarning(`The observer "${this.name}" threw: ${text}. It is told nothing more; the run goes on.`);
      } finally {
        this.open--;
      }
    });
  }

  /** Copies are made now: what is told is how things were then. */
  private callFor(event: RunEvent, { id: runId, recipe, uses }: KnownRun): (() => unknown) | null {
    const { observer } = this;
    switch (event.type) {
      case 'run-start': {
        const cells = event.cells.map(({ isMeasure: _, ...cell }) => cell);
        return bound(observer, 'onPlan', { runId, recipe, cells });
      }
      case 'stage-start': {
        const { cell, key, why } = event;
        return bound(observer, 'onStageStart', { runId, cell, uses: uses.get(cell) ?? '', key, why });
      }
      case 'stage-end':
        return bound(observer, 'onStageEnd', { ...event.record, runId });
      case 'run-end':
        return bound(observer, 'onRunEnd', event.record);
      default:
        return null;
    }
  }
}

type Watched = 'onPlan' | 'onStageStart' | 'onStageEnd' | 'onRunEnd';

function bound<Name extends Watched>(
  observer: ObserverDefinition,
  name: Name,
  told: Parameters<NonNullable<ObserverDefinition[Name]>>[0],
): (() => unknown) | null {
  if (observer[name] === undefined) return null;
  const copy = structuredClone(told);
  return () => (observer[name] as (told: unknown) => unknown)(copy);
}
