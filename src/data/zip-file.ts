import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { UserError } from '../core/errors.js';
import { ByteReader, CHUNK_BYTES, unpacked, unpackedAtMost } from './byte-reader.js';
import { openFile } from './open-file.js';

/** A file in a ZIP archive, as the archive's directory describes it: unchecked. */
export interface ZipMember {
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Position of the header before its data. */
  readonly headerAt: number;
}

/** Names of some hundred thousand members; a directory beyond that is no table of arrays. */
const MAX_DIRECTORY_BYTES = 16 << 20;
const MAX_COMMENT_BYTES = 0xffff;

/**
 * The members of a ZIP archive, ZIP64 too; of its data nothing is read.
 * Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
 * Throws DATA_CORRUPT.
 */
export async function readZipDirectory(path: string, file: FileHandle): Promise<ZipMember[]> {
  const { size } = await file.stat();
  const { count, bytes, at } = await findDirectory(path, file, size);
  if (bytes > MAX_DIRECTORY_BYTES || at + bytes > size) throw damaged(path, 'it has no usable directory');
  const directory = await readAt(path, file, at, bytes);
  const members: ZipMember[] = [];
  let position = 0;
  for (let i = 0; i < count; i++) {
    if (position + 46 > bytes || directory.readUInt32LE(position) !== 0x02014b50) {
      throw damaged(path, `its directory breaks off after ${i} of ${count} members`);
    }
    const nameEnd = position + 46 + directory.readUInt16LE(position + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(position + 30);
    if (extraEnd > bytes) throw damaged(path, `its directory breaks off after ${i} of ${count} members`);
    const wide = wideFields(directory.subarray(nameEnd, extraEnd));
    const field = (offset: number) => {
      const value = directory.readUInt32LE(position + offset);
      return value === 0xffffffff ? (wide.shift() ?? value) : value;
    };
    // The wide fields come in this order, as far as they are needed.
    const unpackedBytes = field(24);
    const packedBytes = field(20);
    members.push({
      name: directory.toString('utf8', position + 46, nameEnd),
      isEncrypted: (directory.readUInt16LE(position + 8) & 1) !== 0,
      method: directory.readUInt16LE(position + 10),
      crc: directory.readUInt32LE(position + 16),
      packedBytes,
      bytes: unpackedBytes,
      headerAt: field(42),
    });
    position = extraEnd + directory.readUInt16LE(position + 32);
  }
  return members;
}

/**
 * The content of a member, unpacked while it is read and never beyond what its entry announces; its checksum is compared
 * when all of it has been read. Throws DATA_CORRUPT, DATA_TYPE for a member that is encrypted or packed in another way.
 * @param name how messages call it
 */
export async function openZipMember(
  path: string,
  { member, name }: { readonly member: ZipMember; readonly name: string },
  signal: AbortSignal,
): Promise<ByteReader> {
  if (member.isEncrypted || (member.method !== STORED && member.method !== DEFLATED)) {
    const how = member.isEncrypted ? 'encrypted' : `packed by method ${member.method}`;
    throw new UserError('DATA_TYPE', `${name} is ${how}.`, 'Write the archive with numpy.savez_compressed.');
  }
  const { packedBytes, bytes } = member;
  const file = await openFile(path);
  let packed: Readable;
  try {
    const start = await startOfData(path, file, member, name);
    const mostBytes = member.method === STORED ? packedBytes : unpackedAtMost(packedBytes);
    if (bytes > mostBytes) throw damaged(path, `${name} cannot have ${bytes} bytes when unpacked`);
    // Nothing at all cannot be asked for.
    const end = start + Math.max(packedBytes, 1) - 1;
    packed = file.createReadStream({ start, end, highWaterMark: CHUNK_BYTES });
  } catch (error) {
    await file.close();
    throw error;
  }
  const content = member.method === STORED ? packed : unpacked(packed, createInflateRaw({ chunkSize: CHUNK_BYTES }));
  const close = () => void packed.destroy();
  const size = { isPacked: true, storedBytes: packedBytes, maxBytes: bytes };
  return new ByteReader({ path: name, ...size, chunks: checked(content), close }, signal);

  async function* checked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let total = 0;
    let crc = 0;
    for await (const chunk of chunks) {
      total += chunk.length;
      if (total > bytes) throw damaged(path, `${name} unpacks to more than the ${bytes} bytes that it announces`);
      crc = crc32(chunk, crc);
      yield chunk;
    }
    if (total < bytes) throw damaged(path, `${name} has ${total} bytes, not the ${bytes} that it announces`);
    if (crc !== member.crc) throw damaged(path, `the checksum of ${name} does not fit its bytes`);
  }
}

const STORED = 0;
const DEFLATED = 8;

/** Behind the header of the member, which says again how long its name is. */
async function startOfData(path: string, file: FileHandle, member: ZipMember, name: string): Promise<number> {
  const { size } = await file.stat();
  if (member.headerAt + 30 > size) throw damaged(path, `${name} begins after its end`);
  const header = await readAt(path, file, member.headerAt, 30);
  if (header.readUInt32LE(0) !== 0x04034b50) throw damaged(path, `${name} is not where the directory says`);
  const start = member.headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + member.packedBytes > size) throw damaged(path, `${name} ends after its end`);
  return start;
}

/** Where the directory lies: the record that says so ends the file, behind it is a comment at most. */
async function findDirectory(
  path: string,
  file: FileHandle,
  size: number,
): Promise<{ count: number; bytes: number; at: number }> {
  const tailBytes = Math.min(size, MAX_COMMENT_BYTES + 22 + 20);
  const tail = await readAt(path, file, size - tailBytes, tailBytes);
  const end = tail.lastIndexOf('PK\x05\x06', tailBytes - 22, 'latin1');
  if (end < 0) throw damaged(path, 'it breaks off, or is no ZIP archive');
  const found = {
    count: tail.readUInt16LE(end + 10),
    bytes: tail.readUInt32LE(end + 12),
    at: tail.readUInt32LE(end + 16),
  };
  if (found.count !== 0xffff && found.bytes !== 0xffffffff && found.at !== 0xffffffff) return found;
  if (end < 20 || tail.readUInt32LE(end - 20) !== 0x07064b50) return found;
  const wideAt = Number(tail.readBigUInt64LE(end - 12));
  if (wideAt + 56 > size) throw damaged(path, 'it has no usable directory');
  const wide = await readAt(path, file, wideAt, 56);
  if (wide.readUInt32LE(0) !== 0x06064b50) throw damaged(path, 'it has no usable directory');
  const number = (offset: number) => Number(wide.readBigUInt64LE(offset));
  return { count: number(32), bytes: number(40), at: number(48) };
}

/** The numbers of 64 bits that an entry holds beside those of 32. */
function wideFields(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1 && end <= extra.length) {
      return Array.from({ length: Math.floor((end - at - 4) / 8) }, (_, i) =>
        Number(extra.readBigUInt64LE(at + 4 + 8 * i)),
      );
    }
    at = end;
  }
  return [];
}

async function readAt(path: string, file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw damaged(path, 'it became shorter while it was read');
    done += bytesRead;
  }
  return bytes;
}

function damaged(path: string, reason: string): UserError {
  return new UserError('DATA_CORRUPT', `${path} is a damaged archive: ${reason}.`, 'Fetch it again.');
}
