import { createRequire } from 'node:module';

/** onnxruntime's version, part of the key of everything it computes. Does not load onnxruntime. */
export function runtimeVersion(): string {
  return (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;
}
