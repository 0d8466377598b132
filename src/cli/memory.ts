import { pastRuns } from '../artifacts/past-runs.js';
import { recentRecords } from '../artifacts/recent-records.js';
import type { Store } from '../artifacts/store.js';
import type { Memory, PastKey } from '../plan/why.js';

export interface MemoryPlaces {
  readonly store: Store;
  readonly cacheDir: string;
  readonly runsDir: string;
  /** Absolute path of the recipe. */
  readonly recipe: string;
}

/** What the runs folder and the cache remember. Reads nothing before it is asked, and nothing twice. */
export function memoryOf({ store, cacheDir, runsDir, recipe }: MemoryPlaces): Memory {
  let keys: Promise<Map<string, PastKey[]>> | undefined;
  let recent: ReturnType<Memory['recent']> | undefined;
  return {
    async keysOf(cell) {
      keys ??= keysByCell(runsDir, recipe);
      return (await keys).get(cell) ?? [];
    },
    peek: (key) => store.peek(key),
    recent() {
      recent ??= recentRecords(cacheDir, RECORDS_LOOKED_AT);
      return recent;
    },
  };
}

const RUNS_LOOKED_AT = 10;
const RECORDS_LOOKED_AT = 1000;

async function keysByCell(runsDir: string, recipe: string): Promise<Map<string, PastKey[]>> {
  const keys = new Map<string, PastKey[]>();
  for (const { id, record } of await pastRuns(runsDir, RUNS_LOOKED_AT)) {
    if (record?.recipe.file !== recipe) continue;
    for (const { cell, key, status } of record.stages) {
      if (key === null) continue;
      keys.set(cell, [...(keys.get(cell) ?? []), { run: id, key, status }]);
    }
  }
  return keys;
}
