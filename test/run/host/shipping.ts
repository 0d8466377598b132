import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { download } from '../../../src/artifacts/remote/download.js';
import type { RemoteCache } from '../../../src/artifacts/remote/remote-cache.js';
import { sha256File } from '../../../src/core/hash.js';
import type { Job, JobModel } from '../../../src/run/job.js';

/** A file that lies in the place that both sides reach. */
export interface ShippedFile {
  readonly name: string;
  readonly digest: string;
  readonly bytes: number;
}

/** Brings files to the place that both sides reach; what is there already is not sent again. */
export async function ship(paths: readonly string[], blobs: RemoteCache, signal: AbortSignal): Promise<ShippedFile[]> {
  const files: ShippedFile[] = [];
  for (const path of paths) {
    const [digest, { size: bytes }] = await Promise.all([sha256File(path), stat(path)]);
    if (!(await blobs.hasBlob(digest, signal))) await blobs.putBlob(digest, { path, bytes }, signal);
    files.push({ name: basename(path), digest, bytes });
  }
  return files;
}

/** Fetches shipped files into a folder and verifies them. @returns their paths, in the same order */
export async function unload(
  files: readonly ShippedFile[],
  folder: string,
  blobs: RemoteCache,
  signal: AbortSignal,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const { name, digest, bytes } of files) {
    const blob = await blobs.getBlob(digest, signal);
    if (blob === null) throw new Error(`internal: ${name} was not shipped`);
    const path = join(folder, basename(name));
    await download(blob, { digest, bytes }, path, signal);
    paths.push(path);
  }
  return paths;
}

/** A job whose models lie somewhere else. @param move gives the new path of a model */
export async function withModelsAt(job: Job, move: (path: string) => Promise<string>): Promise<Job> {
  const at = async <M extends JobModel>(model: M): Promise<M> => ({ ...model, path: await move(model.path) });
  const all = async (models: Readonly<Record<string, JobModel>>) => {
    const moved: Record<string, JobModel> = {};
    for (const [name, model] of Object.entries(models)) moved[name] = await at(model);
    return moved;
  };
  const collected = [];
  for (const model of job.collected ?? []) collected.push(await at(model));
  return {
    ...job,
    inputs: await all(job.inputs),
    models: await all(job.models),
    ...(job.collected === undefined ? {} : { collected }),
  };
}
