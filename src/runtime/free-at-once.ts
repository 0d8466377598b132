import { MessageChannel } from 'node:worker_threads';

/**
 * Gives the memory of arrays back now instead of at some later garbage collection; they are empty afterwards.
 * onnxruntime-node returns a copy of every output, also of one that it wrote into a buffer of ours. A training step leaves
 * megabytes of such copies, and collecting them took a quarter of its time.
 */
export function freeAtOnce(arrays: readonly ArrayBufferView[]): void {
  const buffers = new Set<ArrayBuffer>();
  for (const { buffer, byteLength } of arrays) {
    if (byteLength >= LARGE_BYTES && buffer instanceof ArrayBuffer) buffers.add(buffer);
  }
  if (buffers.size > 0) deadEnd().postMessage(null, [...buffers]);
}

/** Below this, collecting is cheaper than sending. */
const LARGE_BYTES = 1 << 16;

let port: MessageChannel['port1'] | undefined;

/** A port whose other end is closed: what is transferred to it is gone. */
function deadEnd(): MessageChannel['port1'] {
  if (port === undefined) {
    const channel = new MessageChannel();
    channel.port2.close();
    port = channel.port1;
    port.unref();
  }
  return port;
}
