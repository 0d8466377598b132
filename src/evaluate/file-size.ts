import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';

/** Level of the gzip that `gzipBytes` reports: the densest, named so that the figure does not hang on a default. */
export const GZIP_LEVEL = constants.Z_BEST_COMPRESSION;

export interface FileSize {
  readonly modelBytes: number;
  readonly gzipBytes: number;
}

/**
 * Bytes of a model's files, as they are and as one gzip stream over all of them in order. Read in pieces, nothing is
 * written.
 * @param paths the .onnx file and its external data, if any
 */
export async function fileSize(paths: readonly string[]): Promise<FileSize> {
  let modelBytes = 0;
  for (const path of paths) modelBytes += (await stat(path)).size;
  let gzipBytes = 0;
  await pipeline(piecesOf(paths), createGzip({ level: GZIP_LEVEL }), async (compressed: AsyncIterable<Buffer>) => {
    for await (const piece of compressed) gzipBytes += piece.length;
  });
  return { modelBytes, gzipBytes };
}

async function* piecesOf(paths: readonly string[]): AsyncGenerator<Buffer> {
  for (const path of paths) {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) yield piece as Buffer;
  }
}
