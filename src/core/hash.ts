import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { canonicalJson, type Json } from './canonical-json.js';

/** SHA-256 of bytes or text, as 64 hexadecimal digits. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 of the canonical JSON of a value. */
export function digestOf(value: Json): string {
  return sha256(canonicalJson(value));
}

/** SHA-256 of a file's content, read in pieces. Throws what `fs` throws. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
