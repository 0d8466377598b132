import type { Json } from '../core/canonical-json.js';
import { json, mappingOf } from '../core/shape.js';
import { layoutOf } from './layout.js';
import { readSealed, writeSealed } from './sealed-file.js';

/** What is known of data sets, by their digests, so that they are not opened again only to make a plan. */
export interface DataMemory {
  get(digest: string): Promise<Json | undefined>;
  note(digest: string, facts: Json): void;
  /** Keeps what is new for the next run; a cache that cannot be written keeps nothing. */
  save(): Promise<void>;
}

/** Entries beyond this are left out, the oldest first. */
const ENTRIES_MAX = 1000;

/** What they say is for whoever asks to check. */
const areFacts = mappingOf(json);

/** The memory of a cache folder. Reads it when it is first asked. */
export function openDataMemory(cacheDir: string): DataMemory {
  const { data: path, tmp } = layoutOf(cacheDir);
  const fresh = new Map<string, Json>();
  let known: Promise<Readonly<Record<string, Json>>> | undefined;
  const read = () => {
    known ??= readSealed(path).then((entries) =>
      areFacts(entries) ? (entries as Readonly<Record<string, Json>>) : {},
    );
    return known;
  };
  return {
    async get(digest) {
      return fresh.get(digest) ?? (await read())[digest];
    },
    note: (digest, facts) => void fresh.set(digest, facts),
    async save() {
      if (fresh.size === 0) return;
      const entries = [...Object.entries(await read()), ...fresh].slice(-ENTRIES_MAX);
      if (await writeSealed(path, Object.fromEntries(entries), tmp)) fresh.clear();
    },
  };
}
