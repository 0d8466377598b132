import { join } from 'node:path';

/** Where things lie in a cache folder, see docs/cache.md. */
export interface Layout {
  readonly root: string;
  readonly tag: string;
  readonly tmp: string;
  readonly quarantine: string;
  /** What a stage needs to go on with after it was killed. */
  checkpoint(key: string): string;
  /** Digests of unchanged files of the user's. */
  readonly files: string;
  /** What is known of data sets. */
  readonly data: string;
  /** What runs need, by project, for the garbage collection. */
  readonly needs: string;
  /** Runs that go on. */
  readonly live: string;
  readonly cas: string;
  readonly ac: string;
  readonly checkpoints: string;
  readonly locks: string;
  /** Tells that a process computes a key. */
  lock(key: string): string;
  blob(digest: string): string;
  record(key: string): string;
}

/** @param cacheDir the folder that holds `v1`, for instance `.lathe/cache` */
export function layoutOf(cacheDir: string): Layout {
  const root = join(cacheDir, 'v1');
  return {
    root,
    tag: join(root, 'CACHEDIR.TAG'),
    tmp: join(root, 'tmp'),
    quarantine: join(root, 'quarantine'),
    checkpoint: (key) => join(root, 'checkpoints', key, 'state'),
    files: join(root, 'files.json'),
    data: join(root, 'data.json'),
    needs: join(root, 'needs'),
    live: join(root, 'live'),
    cas: join(root, 'cas', 'sha256'),
    ac: join(root, 'ac'),
    checkpoints: join(root, 'checkpoints'),
    locks: join(root, 'locks'),
    lock: (key) => join(root, 'locks', key),
    blob: (digest) => join(root, 'cas', 'sha256', digest.slice(0, 2), digest),
    record: (key) => join(root, 'ac', key.slice(0, 2), `${key}.json`),
  };
}
