const SIGNATURES: readonly (readonly [signature: string, name: string])[] = [
  ['\x89PNG', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF8', 'a GIF image'],
  ['II*\0', 'a TIFF image'],
  ['MM\0*', 'a TIFF image'],
  ['<svg', 'an SVG drawing'],
  ['PK\x03\x04', 'a ZIP archive (npz files are)'],
  ['\x1f\x8b', 'a gzip file'],
  ['BZh', 'a bzip2 file'],
  ['\xfd7zXZ', 'an xz file'],
  ['\x93NUMPY', 'a NumPy array (.npy)'],
  ['\x89HDF', 'an HDF5 file'],
  ['PAR1', 'a Parquet file'],
  ['%PDF', 'a PDF document'],
  ['version https://git-lfs', 'a Git LFS pointer, not the file itself (run `git lfs pull`)'],
];

/** In words, what kind of file begins with these bytes (64 are enough). */
export function looksLike(head: Uint8Array): string {
  if (head.length === 0) return 'an empty file';
  const text = Buffer.from(head).toString('latin1');
  const known = SIGNATURES.find(([signature]) => text.startsWith(signature));
  if (known !== undefined) return known[1];
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'a WebP image';
  if (text.startsWith('ftypavif', 4)) return 'an AVIF image';
  const idx = idxKind(head);
  if (idx !== undefined) return idx;
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) return 'a web page (HTML or XML)';
  if (/^\s*[[{]/.test(text) && isText(head)) return 'JSON text';
  if (isText(head)) return 'plain text';
  return 'an unknown binary format';
}

/** The same for a file that should begin with a magic number of n bytes: "it begins with 0x… and looks like …". */
export function beginning(head: Uint8Array, n: number): string {
  if (head.length === 0) return 'it is empty';
  return `it begins with 0x${Buffer.from(head.subarray(0, n)).toString('hex')} and looks like ${looksLike(head)}`;
}

function idxKind(head: Uint8Array): string | undefined {
  if (head.length < 4 || head[0] !== 0 || head[1] !== 0 || head[2]! < 8 || head[2]! > 14) return undefined;
  if (head[3] === 1) return 'an IDX file of labels';
  return head[3]! >= 2 && head[3]! <= 4 ? `an IDX file with ${head[3]} dimensions` : undefined;
}

function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
}
