import { isDeepStrictEqual } from 'node:util';
import { Random } from '../../core/random.js';
import { sizeOf } from '../../onnx/tensor.js';
import type { TrainingEngine, TrainingState } from './engine.js';
import type { TrainingProgram } from './program.js';

/**
 * True if two engines that share their batches make the same bits of a step on random samples. The graph is made so that they do on
 * every processor that was tried; on another one this finds out. Both go back to the state they had.
 */
export async function threadsAgree(
  one: TrainingEngine,
  two: TrainingEngine,
  { hyperSize, xDims, yDims }: TrainingProgram,
): Promise<boolean> {
  const [batch] = one.batches;
  const x = batch.x.subarray(0, sizeOf(xDims));
  const random = new Random('threads');
  for (let i = 0; i < x.length; i++) x[i] = random.normal();
  batch.y.fill(0, 0, sizeOf(yDims));
  const start = copyOf(await one.read());
  const call = { slot: 0, step: 0, hyper: [new Float32Array(hyperSize).fill(0.01)] } as const;
  const steps = [await one.steps(call), await two.steps(call)];
  const [a, b] = [await one.read(), await two.read()];
  const isSame =
    isDeepStrictEqual(steps[0], steps[1]) &&
    isSameBits(a.parameters, b.parameters) &&
    a.slots.every((slot, i) => isSameBits(slot, b.slots[i]!));
  for (const engine of [one, two]) await engine.write(start);
  return isSame;
}

function copyOf({ parameters, slots }: TrainingState): TrainingState {
  return { parameters: parameters.slice(), slots: slots.map((slot) => slot.slice()) };
}

function isSameBits(a: Float32Array, b: Float32Array): boolean {
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
