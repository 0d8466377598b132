import { UserError } from '../core/errors.js';
import { memoryLimit } from '../core/memory-limit.js';
import type { ByteReader } from './byte-reader.js';

/** The option `storage` of readers whose files can be read by position. No part of the cache key: the samples are the same. */
export const STORAGE_OPTION = {
  enum: ['auto', 'memory', 'disk'],
  default: 'auto',
  'x-key': false,
  description:
    'Where samples are while they are used: in memory, or on the disk, from where each batch reads its own. auto: on the ' +
    'disk if they would take more than a quarter of the memory. The result does not depend on it.',
} as const;

export type StorageOption = (typeof STORAGE_OPTION.enum)[number];

/**
 * Whether samples are to stay on the disk. Those in a compressed file cannot: they can only be read from the beginning.
 * @param bytes that they would take in memory
 * Throws DATA_STORAGE if a compressed file is to stay there by `storage: disk`.
 */
export function canStayOnDisk(
  reader: Pick<ByteReader, 'path' | 'isPacked'>,
  option: StorageOption,
  bytes: number,
): boolean {
  if (option === 'disk' && reader.isPacked) {
    throw new UserError(
      'DATA_STORAGE',
      `${reader.path} is compressed: its samples cannot be read one by one from the disk.`,
      'Unpack it with gunzip, or leave out storage: disk.',
    );
  }
  return option === 'disk' || (option === 'auto' && !reader.isPacked && bytes > memoryLimit() / 4);
}
