import { closeSync, lstatSync, openSync, readSync } from 'node:fs';

/** Why an export must not go to a path: something else than a model is there. Undefined where it may. */
export function takenFile(path: string): string | undefined {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.isSymbolicLink()) return undefined;
    if (found.isDirectory()) return `${path} is a folder.`;
    if (found.isFile() && (found.size === 0 || firstByte(path) === FIRST_BYTE_OF_A_MODEL)) return undefined;
    return `${path} is there already and is no ONNX model: it would be lost.`;
  } catch (cause) {
    return `${path} cannot be looked at: ${(cause as Error).message}.`;
  }
}

/** The tag of ir_version, the first field of a ModelProto: a varint. Files that people write begin with a letter or a signature. */
const FIRST_BYTE_OF_A_MODEL = 0x08;

function firstByte(path: string): number | undefined {
  const descriptor = openSync(path, 'r');
  try {
    const byte = new Uint8Array(1);
    return readSync(descriptor, byte, 0, 1, 0) === 1 ? byte[0] : undefined;
  } finally {
    closeSync(descriptor);
  }
}
