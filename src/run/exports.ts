import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { guarded, systemCode } from '../artifacts/storage-error.js';
import { sha256, sha256File } from '../core/hash.js';
import { encodeMetadata } from '../onnx/encode-metadata.js';
import type { LiveModel } from './live-model.js';
import { provenanceEntries } from './provenance.js';

export interface Exported {
  readonly bytes: number;
  readonly digest: string;
  /** False if the file was there already with the same content. */
  readonly isNew: boolean;
}

/**
 * Copies a model out of the cache, with its provenance appended. A reader of `to` sees the old file or the new one,
 * never half of one; a file that has the content already is left alone.
 */
export async function exportModel(
  model: LiveModel,
  to: string,
  by: { readonly recipe: string; readonly lathe: string },
): Promise<Exported> {
  return guarded(to, async () => {
    await mkdir(dirname(to), { recursive: true });
    if ((model.stored?.files.length ?? 1) > 1) return exportWithData(model, to, by);
    const blob = await readFile(model.path);
    // A message of protocol buffers may be followed by more entries of its repeated fields.
    const bytes = Buffer.concat([blob, provenanceOf(model, by)]);
    const digest = sha256(bytes);
    if ((await digestIfThere(to)) === digest) return { bytes: bytes.length, digest, isNew: false };
    const temporary = join(dirname(to), `.${basename(to)}.${randomBytes(4).toString('hex')}`);
    try {
      const handle = await open(temporary, 'wx', 0o644);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, to);
    } finally {
      await rm(temporary, { force: true });
    }
    return { bytes: bytes.length, digest, isNew: true };
  });
}

function provenanceOf(model: LiveModel, by: { readonly recipe: string; readonly lathe: string }): Uint8Array {
  if (model.origin === null) return new Uint8Array();
  return encodeMetadata(provenanceEntries({ ...model.origin, ...by }));
}

/** External data is named inside the model: it is written anew, so that its name follows that of the export. */
async function exportWithData(
  model: LiveModel,
  to: string,
  by: { readonly recipe: string; readonly lathe: string },
): Promise<Exported> {
  const { readModel } = await import('../onnx/read.js');
  const { writeModel } = await import('../onnx/write.js');
  const copy = await readModel(model.path);
  if (model.origin !== null) {
    for (const [name, value] of provenanceEntries({ ...model.origin, ...by })) copy.metadata.set(name, value);
  }
  const folder = await mkdtemp(join(dirname(to), '.lathe-export-'));
  try {
    await writeModel(copy, join(folder, basename(to)));
    const digest = await sha256File(join(folder, basename(to)));
    // The data first: the model must never point to what is not there.
    const names = (await readdir(folder)).sort((a, b) => Number(a === basename(to)) - Number(b === basename(to)));
    for (const name of names) await rename(join(folder, name), join(dirname(to), name));
    return { bytes: model.bytes, digest, isNew: true };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function digestIfThere(path: string): Promise<string | undefined> {
  try {
    return await sha256File(path);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}
