import type { GraphBuilder, Value } from '../onnx/builder.js';
import type { Graph, Node, Tensor } from '../onnx/ir.js';
import { readNames } from '../onnx/order.js';
import { floatsOf, floatTensor, sizeOf } from '../onnx/tensor.js';

/**
 * Where each tensor lies in one flat float32 vector. onnxruntime-node takes about 10 µs per tensor that goes in or out
 * of a run, so all parameters travel as one.
 */
export interface FlatLayout {
  readonly entries: readonly FlatEntry[];
  /** Number of floats. */
  readonly size: number;
}

export interface FlatEntry {
  readonly name: string;
  readonly dims: readonly number[];
  readonly offset: number;
  readonly size: number;
}

/** A layout of the tensors in the given order, without gaps. */
export function flatLayout(
  tensors: readonly { readonly name: string; readonly dims: readonly number[] }[],
): FlatLayout {
  const entries: FlatEntry[] = [];
  let offset = 0;
  for (const { name, dims } of tensors) {
    const size = sizeOf(dims);
    entries.push({ name, dims, offset, size });
    offset += size;
  }
  return { entries, size: offset };
}

/** The part of a layout that lies in a range; tensors at its ends are cut. */
export function sliceLayout({ entries }: FlatLayout, start: number, end: number): FlatLayout {
  return flatLayout(
    entries.flatMap(({ name, offset, size }) => {
      const count = Math.min(end, offset + size) - Math.max(start, offset);
      return count > 0 ? [{ name, dims: [count] }] : [];
    }),
  );
}

/** A vector with the initializers' values. */
export function packTensors(layout: FlatLayout, initializers: ReadonlyMap<string, Tensor>): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const entry of layout.entries) {
    const tensor = initializers.get(entry.name);
    if (tensor === undefined) throw new Error(`internal: no initializer "${entry.name}"`);
    flat.set(floatsOf(tensor), entry.offset);
  }
  return flat;
}

/** Replaces the graph's initializers of the layout by copies of the vector's pieces. */
export function unpackTensors(layout: FlatLayout, flat: Float32Array, graph: Graph): void {
  for (const { name, dims, offset, size } of layout.entries) {
    const docString = graph.initializers.get(name)?.docString;
    const tensor = floatTensor(flat.slice(offset, offset + size), dims);
    graph.initializers.set(name, docString === undefined ? tensor : { ...tensor, docString });
  }
}

/** The vector's pieces by name, without copies. */
export function viewTensors(layout: FlatLayout, flat: Float32Array): Map<string, Float32Array> {
  return new Map(layout.entries.map(({ name, offset, size }) => [name, flat.subarray(offset, offset + size)]));
}

/** A vector that is `of(entry)` on each entry's range. */
export function fillFlat(layout: FlatLayout, of: (entry: FlatEntry) => number): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const entry of layout.entries) flat.fill(of(entry), entry.offset, entry.offset + entry.size);
  return flat;
}

/** Adds Split and Reshape: the tensors of a flat [size] value, by name; or the only one, which may have its own shape already. */
export function splitFlat(b: GraphBuilder, flat: Value, layout: FlatLayout): Map<string, Value> {
  const { entries } = layout;
  if (entries.length === 0) return new Map();
  if (entries.length === 1 && flat.shape?.length !== 1) return new Map([[entries[0]!.name, flat]]);
  const pieces =
    entries.length === 1
      ? [flat]
      : b.ops('Split', [flat, b.ints(entries.map((entry) => entry.size))], entries.length, { axis: 0 });
  return new Map(
    entries.map(({ name, dims, size }, i) => {
      const piece = pieces[i]!;
      // Of a Split into very many pieces shape inference does not know the sizes; a Reshape says them.
      const hasItsShape = dims.length === 1 && piece.shape?.[0] === size;
      return [name, hasItsShape ? piece : b.op('Reshape', [piece, b.ints(dims)])];
    }),
  );
}

/**
 * Adds Reshape and Concat: one flat [size] value of the tensors in the layout's order; null counts as zeros.
 * The last comes first into the graph: gradients, which this is for, are computed from the last layer on.
 * @param dims another shape for the result, where there is only one tensor
 */
export function concatFlat(
  b: GraphBuilder,
  tensors: readonly (Value | null)[],
  layout: FlatLayout,
  dims: readonly number[] = [layout.size],
): Value {
  const isAlone = layout.entries.length === 1;
  const [first] = tensors;
  if (isAlone && dims.length !== 1 && first !== null && first !== undefined) return first;
  const sources = withoutReshapes(b, tensors);
  const pieces = layout.entries
    .map((entry, i) => ({ entry, source: sources[i] ?? null }))
    .reverse()
    .map(({ entry, source }) => {
      const shape = isAlone ? dims : [entry.size];
      if (source === null) return b.constant(floatTensor(new Float32Array(entry.size), shape));
      return b.op('Reshape', [source, b.ints([-1])]);
    })
    .reverse();
  return pieces.length === 1 ? pieces[0]! : b.op('Concat', pieces, { axis: 0 });
}

/**
 * What values were before they got another shape; Reshapes that nothing reads any more go. onnxruntime makes a new node of Reshapes
 * in a row, which then counts as made last; and the order in which nodes were made is the one in which it computes.
 */
function withoutReshapes(b: GraphBuilder, values: readonly (Value | null)[]): (Value | null)[] {
  const { graph } = b;
  const reshapes = new Map(
    graph.nodes.filter(({ opType }) => opType === 'Reshape').map((node) => [node.outputs[0]!, node]),
  );
  const readers = new Map<string, number>();
  const count = (name: string, change: number) => readers.set(name, (readers.get(name) ?? 0) + change);
  for (const node of graph.nodes) for (const name of readNames(node)) count(name, 1);
  for (const { name } of graph.outputs) count(name, 1);
  const gone = new Set<Node>();
  const sources = values.map((value) => {
    let source = value;
    for (let node = reshapes.get(source?.name ?? ''); node !== undefined; node = reshapes.get(source!.name)) {
      const input = node.inputs[0]!;
      if ((readers.get(source!.name) ?? 0) === 0 && !gone.has(node)) {
        gone.add(node);
        count(input, -1);
      }
      source = b.value(input);
    }
    return source;
  });
  graph.nodes = graph.nodes.filter((node) => !gone.has(node));
  return sources;
}
