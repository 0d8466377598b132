import { close, fstat, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { UserError } from '../core/errors.js';
import type { ElementType } from './element-type.js';
import type { NumericArray } from './numeric-array.js';
import { fileError } from './open-file.js';

/** Where equally long rows of numbers lie in a file. */
export interface RowsPlace {
  readonly path: string;
  /** Position of the first row. */
  readonly offset: number;
  readonly count: number;
  /** Numbers in a row. */
  readonly size: number;
  readonly type: ElementType;
}

/**
 * Rows that stay in their file, and are read when they are asked for: what is larger than the memory can be trained on.
 * Its methods throw DATA_CHANGED if the file is not what it was when it was opened, DATA_FILE_UNREADABLE where a read fails.
 */
export class DiskRows {
  private readonly spare: Lent[] = [];
  private arrange: (values: NumericArray) => void = () => {};

  private constructor(
    private readonly place: RowsPlace,
    private readonly descriptor: number,
    private readonly state: string,
  ) {
    // The rows live as long as their data set; whoever forgets it need not close anything.
    DESCRIPTORS.register(this, descriptor);
  }

  /** Throws DATA_FILE_MISSING or DATA_FILE_UNREADABLE. */
  static async open(place: RowsPlace): Promise<DiskRows> {
    let descriptor: number;
    try {
      descriptor = openSync(place.path, 'r');
    } catch (cause) {
      throw fileError(place.path, cause);
    }
    return new DiskRows(place, descriptor, await stateOf(descriptor));
  }

  get count(): number {
    return this.place.count;
  }

  /** No values, in an array of the type that rows are read into. */
  get none(): NumericArray {
    return this.place.type.view(new ArrayBuffer(0));
  }

  /** Has every row rearranged, in place, when it is read. @param arrange gets whole rows, one after another */
  rearranged(arrange: (values: NumericArray) => void): this {
    this.arrange = arrange;
    return this;
  }

  /** Calls `use` with the rows at these positions, one after another, in memory that is used again afterwards. */
  async read(positions: ArrayLike<number>, use: (values: NumericArray) => void): Promise<void> {
    const { path, size, type } = this.place;
    const lent = this.lend(positions.length);
    const { bytes, values } = lent;
    const rowBytes = size * type.fileBytes;
    const runs: Promise<void>[] = [];
    for (let from = 0; from < positions.length; ) {
      let to = from + 1;
      while (to < positions.length && positions[to] === positions[to - 1]! + 1) to++;
      const target = bytes.subarray(from * rowBytes, to * rowBytes);
      runs.push(this.fill(target, positions[from]! * rowBytes));
      from = to;
    }
    await Promise.all(runs);
    await this.refuseChanged();
    if (type.convert !== null) {
      for (let i = 0; i < positions.length; i++) {
        const at = { path, first: positions[i]! * size };
        type.convert(bytes.subarray(i * rowBytes, (i + 1) * rowBytes), values.subarray(i * size, (i + 1) * size), at);
      }
    }
    const rows = values.subarray(0, positions.length * size);
    this.arrange(rows);
    use(rows);
    this.spare.push(lent);
  }

  /** Calls `visit` with all rows in order, some at a time. @param visit.first position of the first of them */
  async scan(visit: (values: NumericArray, first: number) => void): Promise<void> {
    const { count, size, type } = this.place;
    const atOnce = Math.min(Math.ceil(SCAN_BYTES / (size * type.fileBytes)), SCAN_ROWS);
    for (let first = 0; first < count; first += atOnce) {
      const positions = Uint32Array.from({ length: Math.min(atOnce, count - first) }, (_, i) => first + i);
      await this.read(positions, (values) => visit(values, first));
    }
  }

  /** Buffers for that many rows: more than one pair only while several reads are under way. */
  private lend(rows: number): Lent {
    const { size, type } = this.place;
    const fits = this.spare.findIndex(({ values }) => values.length >= rows * size);
    if (fits >= 0) return this.spare.splice(fits, 1)[0]!;
    this.spare.pop();
    const values = type.view(new ArrayBuffer(rows * size * type.memoryBytes));
    const bytes = new Uint8Array(type.convert === null ? values.buffer : new ArrayBuffer(rows * size * type.fileBytes));
    return { bytes, values };
  }

  private fill(target: Uint8Array, start: number): Promise<void> {
    const { path, offset } = this.place;
    return new Promise((resolve, reject) => {
      const next = (done: number) => {
        const wanted = Math.min(target.length - done, READ_BYTES);
        read(this.descriptor, target, done, wanted, offset + start + done, (cause, bytesRead) => {
          if (cause !== null) reject(fileError(path, cause));
          else if (bytesRead === 0 && wanted > 0) reject(changed(path));
          else if (done + bytesRead < target.length) next(done + bytesRead);
          else resolve();
        });
      };
      next(0);
    });
  }

  private async refuseChanged(): Promise<void> {
    if ((await stateOf(this.descriptor)) !== this.state) throw changed(this.place.path);
  }
}

interface Lent {
  readonly bytes: Uint8Array;
  readonly values: NumericArray;
}

const SCAN_BYTES = 1 << 22;
const SCAN_ROWS = 1 << 14;
/** Node refuses 2 GiB and more at once. */
const READ_BYTES = 1 << 30;

const DESCRIPTORS = new FinalizationRegistry<number>((descriptor) => close(descriptor));

async function stateOf(descriptor: number): Promise<string> {
  const { size, mtimeNs } = await promisify(fstat)(descriptor, { bigint: true });
  return `${size} ${mtimeNs}`;
}

function changed(path: string): UserError {
  return new UserError(
    'DATA_CHANGED',
    `${path} was changed while its samples were read from it.`,
    'Run again when nothing writes to it; samples stay in the file where it is large (option storage).',
    { class: 'infrastructure' },
  );
}
