/** What a file that is no ONNX model looks like by its first bytes: "a zip archive (…)"; undefined if nothing is recognised. */
export function lookOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 512));
  for (const [look, offset, magic] of SIGNATURES) {
    if (head.subarray(offset, offset + magic.length).equals(Buffer.from(magic, 'latin1'))) return look;
  }
  const text = head.toString('utf8').trimStart();
  if (text.startsWith('version https://git-lfs')) {
    return 'a Git LFS pointer: the model itself was not downloaded (run `git lfs pull`)';
  }
  if (/^<(!doctype|html|\?xml|head|body)/i.test(text)) return 'a web page, perhaps an error page that was saved';
  if (text.startsWith('{') || text.startsWith('[')) return 'JSON text';
  // A safetensors file is the length of its JSON header as 8 bytes, then the header.
  if (head.length > 9 && head[8] === 0x7b && head.readUInt32LE(4) === 0) return 'a safetensors file';
  const control = head.some((byte) => byte < 9 || (byte > 13 && byte < 32) || byte > 126);
  return !control && head.length > 0 ? 'a text file' : undefined;
}

const SIGNATURES: readonly (readonly [look: string, offset: number, magic: string])[] = [
  ['a zip archive (PyTorch saves its .pt files so)', 0, 'PK\x03\x04'],
  ['a gzip file: unpack it first', 0, '\x1f\x8b'],
  ['an HDF5 file (Keras saves its .h5 files so)', 0, '\x89HDF'],
  ['a Python pickle', 0, '\x80\x02'],
  ['a Python pickle', 0, '\x80\x04'],
  ['a TensorFlow Lite model', 4, 'TFL3'],
  ["a model in onnxruntime's own ORT format", 4, 'ORTM'],
  ['a GGUF model', 0, 'GGUF'],
  ['a NumPy array', 0, '\x93NUMPY'],
  ['a PNG image', 0, '\x89PNG'],
];
