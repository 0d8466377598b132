import { UserError } from '../core/errors.js';
import { cloneModel, type Model, type Tensor } from '../onnx/ir.js';
import { isFloat } from '../onnx/weights.js';
import { type NameRule, pairNames } from './pair-names.js';
import { sliceInto } from './slice-into.js';

/** What happens to a pair of tensors whose shapes differ: refuse, leave the target as it is, or copy the common leading block. */
export type ShapePolicy = 'error' | 'skip' | 'slice';

export interface CopyRequest {
  /** Where the source's tensors go; default: to the tensor of the same name. */
  readonly map?: readonly NameRule[] | undefined;
  readonly shapes: ShapePolicy;
}

/** The fate of one tensor of the source, of the target, or of a pair of them. */
export interface CopyEntry {
  readonly source: string | null;
  readonly target: string | null;
  /** `unmatched`: it has no partner. */
  readonly status: 'copied' | 'skipped' | 'unmatched';
  /** Why it was skipped, or what part was copied; null if there is nothing to say. */
  readonly note: string | null;
}

/**
 * The target with weights of the source: all float initializers that are read and have at least one axis, running statistics of
 * batch normalizations too. Every tensor of both models has exactly one entry in `entries`.
 * Throws TRANSFER_MAP for rules that are wrong, TRANSFER_SHAPE for shapes that differ under policy `error`,
 * TRANSFER_NOTHING if no tensor would be copied.
 */
export function copyWeights(
  source: Model,
  target: Model,
  request: CopyRequest,
): { model: Model; entries: readonly CopyEntry[] } {
  const sources = weightsOf(source);
  const targets = weightsOf(target);
  const pairs = pairNames([...sources.keys()], [...targets.keys()], request.map);
  const model = cloneModel(target);
  const entries: CopyEntry[] = [];
  const mismatches: string[] = [];
  const written = new Set<string>();
  for (const [name, tensor] of sources) {
    const partner = pairs.get(name);
    const held = partner === undefined ? undefined : targets.get(partner);
    if (partner === undefined || held === undefined) {
      entries.push({ source: name, target: null, status: 'unmatched', note: absence(partner) });
      continue;
    }
    written.add(partner);
    const result = merge(tensor, held, request.shapes);
    if (result.tensor !== null) model.graph.initializers.set(partner, result.tensor);
    if (result.tensor === null && request.shapes === 'error') mismatches.push(`${name} → ${partner}: ${result.note}`);
    const status = result.tensor === null ? 'skipped' : 'copied';
    entries.push({ source: name, target: partner, status, note: result.note });
  }
  for (const name of targets.keys()) {
    if (!written.has(name)) entries.push({ source: null, target: name, status: 'unmatched', note: null });
  }
  if (mismatches.length > 0) throw shapeError(mismatches);
  if (!entries.some(({ status }) => status === 'copied')) throw nothingCopied([...sources.keys()], [...targets.keys()]);
  return { model, entries };
}

function absence(partner: string | undefined): string | null {
  return partner === undefined ? null : `the target has no "${partner}"`;
}

/** Float tensors that some node reads: shapes and axes are int64, scalars are settings. */
function weightsOf(model: Model): Map<string, Tensor> {
  const read = new Set(model.graph.nodes.flatMap((node) => node.inputs));
  return new Map(
    [...model.graph.initializers].filter(
      ([name, { dataType, dims }]) => isFloat(dataType) && dims.length > 0 && read.has(name),
    ),
  );
}

function merge(source: Tensor, target: Tensor, shapes: ShapePolicy): { tensor: Tensor | null; note: string | null } {
  if (source.dataType !== target.dataType) {
    return { tensor: null, note: `${source.dataType} does not go into ${target.dataType}` };
  }
  if (sameShape(source, target)) return { tensor: source, note: null };
  const note = `${shapeText(source)} does not go into ${shapeText(target)}`;
  if (shapes !== 'slice') return { tensor: null, note };
  const sliced = sliceInto(source, target);
  return sliced === null
    ? { tensor: null, note: `${note}, not even a slice` }
    : { tensor: sliced.tensor, note: `[${sliced.block.join(', ')}] of ${shapeText(source)} into ${shapeText(target)}` };
}

function sameShape(a: Tensor, b: Tensor): boolean {
  return a.dims.length === b.dims.length && a.dims.every((dim, axis) => dim === b.dims[axis]);
}

function shapeText({ dims }: Tensor): string {
  return `[${dims.join(', ')}]`;
}

function shapeError(mismatches: readonly string[]): UserError {
  return new UserError(
    'TRANSFER_SHAPE',
    `${mismatches.length === 1 ? 'A tensor has' : `${mismatches.length} tensors have`} another shape in the target: ${mismatches.join('; ')}.`,
    'Set shapes: skip to leave these as they are, shapes: slice to copy what fits, or map other names.',
  );
}

function nothingCopied(sources: readonly string[], targets: readonly string[]): UserError {
  return new UserError(
    'TRANSFER_NOTHING',
    `No tensor would be copied. The source has ${sources.join(', ') || 'none'}; the target has ${targets.join(', ') || 'none'}.`,
    'Give map rules that turn the names of the source into those of the target.',
  );
}
