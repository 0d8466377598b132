/** One piece of work that has been let in. */
export interface Turn {
  /** Cores that it may use. */
  readonly cores: number;
  /** How long it has waited to be alone, in ms. */
  readonly waitedMs: number;
  /**
   * Gives the place back, waits until nothing else runs or wants to, and has the machine until the returned function is
   * called. Throws the reason of the signal where that is aborted before.
   */
  alone(signal: AbortSignal): Promise<() => void>;
}

export interface UseOptions {
  /** It will ask to be alone: then it comes after all that will not. Default false. */
  readonly measures?: boolean;
  /** Announced before, see `announce`. */
  readonly announced?: () => void;
  /** Bytes that it is expected to hold until it ends. Default 0. */
  readonly memory?: number;
}

/**
 * Lets at most `size` pieces of work run at a time, in the order in which they asked, and shares the cores out among them:
 * together they have no more than there are, unless there are fewer cores than places. What measures time has to be alone
 * while it does; until then it runs beside others. Together they hold no more memory than there is: what does not fit beside those
 * that run lets others pass, and has its turn at the latest when nothing else runs, however much it needs.
 */
export class Slots {
  private readonly waiting: Waiting[] = [];
  private readonly parked: Parked[] = [];
  private taken = 0;
  private granted = 0;
  /** Memory of all that have begun, those that wait to be alone among them. */
  private held = 0;
  private begun = 0;
  private announced = 0;
  private isAlone = false;
  /** Whether those that wait to be alone get their turns, before further ones join them. */
  private isDraining = false;

  /**
   * @param cores CPU cores of all together; default 0: there are none to share, and only the places count
   * @param memory bytes of all together
   */
  constructor(
    readonly size: number,
    readonly cores: number = 0,
    readonly memory: number = Number.POSITIVE_INFINITY,
  ) {}

  /**
   * Tells of work that may be about to ask, so that cores are left for it: what becomes ready at the same time asks a few
   * milliseconds apart. Returns a function that takes this back; calling it again does nothing.
   */
  announce(): () => void {
    this.announced++;
    let isOpen = true;
    return () => {
      if (isOpen) this.announced--;
      isOpen = false;
    };
  }

  async use<T>(
    work: (turn: Turn) => Promise<T>,
    { measures = false, announced, memory = 0 }: UseOptions = {},
  ): Promise<T> {
    const place = await new Promise<Place>((start) => {
      this.waiting.push({ measures, memory, start });
      announced?.();
      this.admit();
    });
    try {
      return await work(place);
    } finally {
      this.begun--;
      this.held -= memory;
      place.leave();
      this.admit();
    }
  }

  private admit(): void {
    while (!this.isAlone) {
      const next = this.next();
      // So many processes at most sit there and wait to be alone.
      const isLate = next?.measures === true && (this.isDraining || this.parked.length >= this.size);
      if (next === undefined || isLate) {
        this.admitAlone();
        return;
      }
      if (!this.hasRoom()) return;
      this.waiting.splice(this.waiting.indexOf(next), 1);
      this.begun++;
      this.held += next.memory;
      next.start(new Place(this.access, this.share()));
    }
  }

  private admitAlone(): void {
    if (this.taken > 0) return;
    const next = this.parked.shift();
    this.isDraining = next !== undefined;
    if (next === undefined) {
      // Those that came while others were alone. With nothing begun there is memory for any.
      if (this.waiting.length > 0 && this.begun === 0) this.admit();
      return;
    }
    this.isAlone = true;
    next.start();
  }

  /** The first that there is memory for; what measures time comes last. */
  private next(): Waiting | undefined {
    const fitting = this.waiting.filter(({ memory }) => this.hasMemory(memory));
    return fitting.find(({ measures }) => !measures) ?? fitting[0];
  }

  private hasMemory(bytes: number): boolean {
    return this.begun === 0 || this.held + bytes <= this.memory;
  }

  private hasRoom(): boolean {
    if (this.taken >= this.size) return false;
    return this.granted < this.cores || this.size > this.cores;
  }

  /** The cores that are left, divided among those that could have them. */
  private share(): number {
    const waiting = this.waiting.filter(({ measures, memory }) => !measures && this.hasMemory(memory));
    const others = waiting.length + this.announced;
    const contenders = Math.min(this.size - this.taken, others + 1);
    return Math.max(1, Math.floor((this.cores - this.granted) / contenders));
  }

  private readonly access: PlaceAccess = {
    take: (cores) => {
      this.taken++;
      this.granted += cores;
    },
    give: (cores) => {
      this.taken--;
      this.granted -= cores;
    },
    park: (parked) => {
      this.parked.push(parked);
      this.admit();
    },
    unpark: (parked) => {
      const index = this.parked.indexOf(parked);
      if (index >= 0) this.parked.splice(index, 1);
    },
    endAlone: () => {
      this.isAlone = false;
      this.admit();
    },
  };
}

interface Waiting {
  readonly measures: boolean;
  readonly memory: number;
  readonly start: (place: Place) => void;
}

interface Parked {
  readonly start: () => void;
}

/** What a place does to the slots. */
interface PlaceAccess {
  take(cores: number): void;
  give(cores: number): void;
  park(parked: Parked): void;
  unpark(parked: Parked): void;
  endAlone(): void;
}

class Place implements Turn {
  waitedMs = 0;
  private endAlone: (() => void) | undefined;

  constructor(
    private readonly slots: PlaceAccess,
    readonly cores: number,
  ) {
    slots.take(cores);
  }

  async alone(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const startedAt = performance.now();
    this.slots.give(this.cores);
    await new Promise<void>((resolve, reject) => {
      const parked = {
        start: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = () => {
        this.slots.unpark(parked);
        this.slots.take(this.cores);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.slots.park(parked);
    }).finally(() => {
      this.waitedMs += performance.now() - startedAt;
    });
    this.slots.take(this.cores);
    const end = () => {
      if (this.endAlone !== end) return;
      this.endAlone = undefined;
      this.slots.endAlone();
    };
    this.endAlone = end;
    return end;
  }

  leave(): void {
    this.slots.give(this.cores);
    this.endAlone?.();
  }
}
