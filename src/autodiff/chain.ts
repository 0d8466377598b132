import type { Random } from '../core/random.js';
import { sizeOf } from '../onnx/tensor.js';
import { joined, type NodeAlone } from './node-alone.js';
import { signedNumbers } from './signed.js';

/** The gradients of single nodes, multiplied one after the other by the chain rule. */
export class Chain {
  /** What has arrived at each value so far. */
  private readonly exact: Map<string, Float32Array>;
  /** The same with every number on the way changed a little, which tells what rounding can do to the result. */
  private readonly shaken: Map<string, Float32Array>;

  /** @param seeds what arrives at the outputs, by name */
  constructor(
    seeds: ReadonlyMap<string, Float32Array>,
    private readonly random: Random,
  ) {
    this.exact = new Map(seeds);
    this.shaken = new Map(seeds);
  }

  /** Passes what has arrived at the outputs of a node on to its inputs. Nodes come in reverse order. */
  async pass(node: NodeAlone): Promise<void> {
    for (const arrived of [this.exact, this.shaken]) {
      const arriving = joined(
        node.outputs.map(({ name, dims }) => arrived.get(name) ?? new Float32Array(sizeOf(dims))),
      );
      const gradients = await node.gradients(arrived === this.exact ? arriving : this.shake(arriving, node.label));
      for (const [name, gradient] of gradients) {
        const before = arrived.get(name);
        arrived.set(name, before === undefined ? gradient : before.map((value, i) => value + gradient[i]!));
      }
    }
  }

  /** Compares the gradient that a value got otherwise; null stands for zeros. */
  compare(name: string, whole: Float32Array | null): { readonly agrees: boolean; readonly error: number } {
    const [chained, shaken] = [this.exact.get(name), this.shaken.get(name)];
    let [size, off, rounding] = [0, 0, 0];
    for (let i = 0; i < (chained ?? whole ?? []).length; i++) {
      const right = chained?.[i] ?? 0;
      size = Math.max(size, Math.abs(right));
      off = Math.max(off, Math.abs((whole?.[i] ?? 0) - right));
      rounding = Math.max(rounding, Math.abs((shaken?.[i] ?? 0) - right));
    }
    return { agrees: off <= Math.max(CHAIN_TOLERANCE * size, rounding), error: off === 0 ? 0 : off / size };
  }

  private shake(values: Float32Array, label: string): Float32Array {
    const noise = signedNumbers(values.length, this.random.derive(label));
    return values.map((value, i) => value * (1 + SHAKE * noise[i]!));
  }
}

/** Relative to the largest element. Both sides do the same arithmetic in another order. */
const CHAIN_TOLERANCE = 1e-3;
/** Some float32 roundings: an operator that sums many products makes several. */
const SHAKE = 2 ** -20;
