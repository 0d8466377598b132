import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf } from '../../src/artifacts/layout.js';
import { Store } from '../../src/artifacts/store.js';
import { sha256 } from '../../src/core/hash.js';

/** A cache in which tests put results by short names. */
export class FilledCache {
  readonly dir: string;
  readonly store: Store;

  constructor(root: string) {
    this.dir = join(root, 'cache');
    this.store = new Store(this.dir);
  }

  key(name: string): string {
    return sha256(`key of ${name}`);
  }

  recordOf(name: string): string {
    return layoutOf(this.dir).record(this.key(name));
  }

  blobOf(content: string): string {
    return layoutOf(this.dir).blob(sha256(content));
  }

  /** Stores a result whose model has this content, as if it had been used last so many days ago. */
  async put(name: string, content: string, daysAgo = 1): Promise<void> {
    const staging = await this.store.makeStaging();
    const file = join(staging, 'model.onnx');
    writeFileSync(file, content);
    const commit = { key: this.key(name), keyRecord: { name }, outputs: { model: [file] }, metrics: {}, durationMs: 1 };
    await this.store.commit({ ...commit, overrule: false });
    await this.store.removeStaging(staging);
    const used = Date.now() / 1000 - daysAgo * 24 * 3600;
    utimesSync(this.recordOf(name), used, used);
    utimesSync(this.blobOf(content), used, used);
  }

  /** The names among these whose results a run would find. */
  async found(...names: string[]): Promise<string[]> {
    const store = new Store(this.dir);
    const found: string[] = [];
    for (const name of names) if ((await store.lookup(this.key(name))) !== null) found.push(name);
    return found;
  }
}
