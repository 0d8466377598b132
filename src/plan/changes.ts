import { isDeepStrictEqual } from 'node:util';
import type { KeyDetails } from '../artifacts/action-record.js';
import type { Json } from '../core/canonical-json.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import { own } from '../core/own.js';
import type { Path } from '../core/path.js';
import { pointer } from './key-details.js';

/** A key record with what its digests stand for, as far as that is known. */
export interface KeyedRecord {
  readonly record: Json;
  readonly details: KeyDetails | null;
}

/** One field that differs between two key records. */
export interface Difference {
  /** Leads through the key record and on through what digests stand for. */
  readonly path: Path;
  /** How far `path` goes until the first digest on it; the whole length if it passes none. */
  readonly reference: number;
  /** Undefined where the field is not there. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  /** Set if the recipe names another thing there: then only the names count, not how their contents differ. */
  readonly names: { readonly before: string; readonly after: string } | null;
}

/**
 * Every leaf in which two key records differ, in the order of the keys. Where both sides have a digest and it is known
 * what they stand for, the differences of that. A list of plain values is one leaf.
 */
export function differences(before: KeyedRecord, after: KeyedRecord): Difference[] {
  const found: Difference[] = [];
  new Comparison(before.details, after.details, found).compare(before.record, after.record, [], null);
  return found;
}

class Comparison {
  constructor(
    private readonly before: KeyDetails | null,
    private readonly after: KeyDetails | null,
    private readonly found: Difference[],
  ) {}

  compare(before: Json | undefined, after: Json | undefined, path: Path, reference: number | null): void {
    if (isDeepStrictEqual(before, after)) return;
    if (reference === null && this.isRenamed(before, after, path)) return;
    if (isJsonMapping(before) && isJsonMapping(after)) {
      for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
        this.compare(own(before, key), own(after, key), [...path, key], reference);
      }
    } else if (Array.isArray(before) && Array.isArray(after) && hasStructure([...before, ...after])) {
      this.compareLists(before, after, path, reference);
    } else if (!this.compareContents(before, after, path, reference)) {
      this.add(before, after, path, reference);
    }
  }

  private isRenamed(before: Json | undefined, after: Json | undefined, path: Path): boolean {
    const names = { before: this.before?.names[pointer(path)], after: this.after?.names[pointer(path)] };
    if (names.before === undefined || names.after === undefined || names.before === names.after) return false;
    this.found.push({ path, reference: path.length, before, after, names: names as { before: string; after: string } });
    return true;
  }

  private compareContents(
    before: Json | undefined,
    after: Json | undefined,
    path: Path,
    reference: number | null,
  ): boolean {
    if (typeof before !== 'string' || typeof after !== 'string') return false;
    const contents = [own(this.before?.contents ?? {}, before), own(this.after?.contents ?? {}, after)] as const;
    if (contents[0] === undefined || contents[1] === undefined) return false;
    const known = this.found.length;
    this.compare(contents[0], contents[1], path, reference ?? path.length);
    return this.found.length > known;
  }

  /** What both lists begin and end with is equal; between, items came, went, or changed in place. */
  private compareLists(before: readonly Json[], after: readonly Json[], path: Path, reference: number | null): void {
    const shorter = Math.min(before.length, after.length);
    let head = 0;
    while (head < shorter && isDeepStrictEqual(before[head], after[head])) head++;
    let tail = 0;
    while (tail < shorter - head && isDeepStrictEqual(before.at(-1 - tail), after.at(-1 - tail))) tail++;
    const gone = before.slice(head, before.length - tail);
    const come = after.slice(head, after.length - tail);
    if (gone.length === come.length || gone.length === 0 || come.length === 0) {
      for (let i = 0; i < Math.max(gone.length, come.length); i++) {
        this.compare(gone[i], come[i], [...path, head + i], reference);
      }
    } else {
      this.add(before, after, path, reference);
    }
  }

  private add(before: Json | undefined, after: Json | undefined, path: Path, reference: number | null): void {
    this.found.push({ path, reference: reference ?? path.length, before, after, names: null });
  }
}

function hasStructure(items: readonly Json[]): boolean {
  return items.some((item) => typeof item === 'object' && item !== null);
}
