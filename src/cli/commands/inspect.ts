import { resolve } from 'node:path';
import { differentiability, type NodeDifferentiability } from '../../autodiff/differentiability.js';
import { isUserError, UserErrors } from '../../core/errors.js';
import { shownName } from '../../core/shown-name.js';
import { type FileSize, fileSize } from '../../evaluate/file-size.js';
import { countMacs } from '../../evaluate/macs.js';
import { modelFiles } from '../../evaluate/model-files.js';
import { modelSize, type TensorCount } from '../../evaluate/model-size.js';
import { checkModel } from '../../onnx/check.js';
import type { Model } from '../../onnx/ir.js';
import { readModel } from '../../onnx/read.js';
import { type ModelSummary, type NodeSummary, summarizeModel, type ValueSummary } from '../../onnx/summary.js';
import { alignColumns } from '../../report/columns.js';
import { formatBytes, formatCount, formatShare } from '../../report/units.js';
import { EXIT } from '../exit-code.js';
import type { Terminal } from '../terminal.js';

export interface InspectCommandOptions {
  readonly model: string;
  readonly json: boolean;
}

/** `lathe inspect`: what is in an ONNX file. */
export async function inspectCommand(
  { model: file, json }: InspectCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const path = resolve(file);
  const model = await readModel(path);
  const inspection = await inspect(model, path);
  terminal.out(json ? JSON.stringify(inspection, null, 2) : inspectionText(inspection, terminal));
  return EXIT.ok;
}

interface Inspection extends Omit<ModelSummary, 'nodes'>, FileSize {
  readonly file: string;
  readonly parameters: number;
  readonly nonzeroParameters: number;
  /** Each parameter counts at the first node that computes with it. */
  readonly nodes: readonly (NodeSummary & { readonly parameters: number })[];
  /** Multiply-accumulate operations for one sample; null where shapes are not known. */
  readonly macs: number | null;
  /** What is wrong with the file: names that nothing makes or two nodes make, cycles, missing inputs. */
  readonly damage: readonly string[];
  /** Nodes through which no gradient flows although data or weights go into them, and why; null where shapes contradict themselves or the model is damaged. */
  readonly notDifferentiable: readonly NodeDifferentiability[] | null;
  /** How many other nodes have no gradient, and need none: they compute shapes and indices; null as above. */
  readonly withoutNeed: number | null;
}

async function inspect(model: Model, path: string): Promise<Inspection> {
  const summary = summarizeModel(model);
  const hasShapes = summary.shapeProblem === null;
  const macs = hasShapes ? countMacs(model) : null;
  const damage = damageOf(model);
  const isSound = hasShapes && damage.length === 0;
  const blockers = isSound ? differentiability(model).filter((node) => !node.differentiable) : null;
  const { parameters, nonzeroParameters, tensors } = modelSize(model);
  return {
    file: path,
    ...(await fileSize(await modelFiles(path))),
    parameters,
    nonzeroParameters,
    macs: macs === null || macs.unknown.length > 0 ? null : macs.macs,
    damage,
    notDifferentiable: blockers?.filter((node) => node.needsGradient) ?? null,
    withoutNeed: blockers?.filter((node) => !node.needsGradient).length ?? null,
    ...summary,
    nodes: withParameters(summary.nodes, tensors),
  };
}

function withParameters(nodes: readonly NodeSummary[], tensors: readonly TensorCount[]): Inspection['nodes'] {
  const counts = new Map<string, number>();
  for (const { node, parameters } of tensors) counts.set(node, (counts.get(node) ?? 0) + parameters);
  return nodes.map((node) => {
    const parameters = counts.get(node.name) ?? 0;
    counts.delete(node.name);
    return { ...node, parameters };
  });
}

function damageOf(model: Model): string[] {
  try {
    checkModel(model);
    return [];
  } catch (error) {
    if (error instanceof UserErrors) return error.errors.map(({ problem }) => problem);
    if (isUserError(error)) return [error.problem];
    throw error;
  }
}

function inspectionText(inspection: Inspection, { paint }: Terminal): string {
  const { parameters, nonzeroParameters, macs, modelBytes, gzipBytes } = inspection;
  const opsets = Object.entries(inspection.opsets).map(([domain, version]) => `${domain} ${version}`);
  const share = parameters === 0 ? '' : ` (${formatShare(nonzeroParameters / parameters)} nonzero)`;
  const facts: [string, string][] = [
    ['file', `${inspection.file}, ${formatBytes(modelBytes)}, ${formatBytes(gzipBytes)} gzipped`],
    ['format', `IR ${inspection.irVersion}, ${opsets.join(', ')}`],
    ...(inspection.producer === '' ? [] : [['producer', inspection.producer] as [string, string]]),
    ...Object.entries(inspection.metadata),
    ['inputs', inspection.inputs.map(valueText).join(', ')],
    ['outputs', inspection.outputs.map(valueText).join(', ')],
    ['parameters', formatCount(parameters) + share],
    ['operations', macs === null ? 'not known: shapes are open' : `${formatCount(macs)} multiply-adds a sample`],
    [
      'operators',
      Object.entries(inspection.operators)
        .map(([name, count]) => `${count} ${name}`)
        .join(', ') || 'none',
    ],
    ['training', trainingText(inspection)],
  ];
  const names = facts.map(([name]) => shownName(name));
  const width = names.reduce((most, name) => Math.max(most, name.length), 0);
  const lines = facts.map(
    ([, text], index) => `${paint.bold(names[index]!.padEnd(width))}  ${shownName(text, FACT_LENGTH)}`,
  );
  const problems = [...(inspection.shapeProblem === null ? [] : [inspection.shapeProblem]), ...inspection.damage];
  const problem =
    problems.length === 0 ? [] : ['', ...problems.map((each) => paint.warn(shownName(each, FACT_LENGTH)))];
  return [...lines, ...problem, '', ...nodeLines(inspection, paint.bold)].join('\n');
}

/** What a model says of itself can be of any length. */
const FACT_LENGTH = 4000;

function trainingText({ notDifferentiable: blockers, withoutNeed, damage }: Inspection): string {
  if (damage.length > 0) return 'not known: the model is damaged';
  if (blockers === null) return 'not known: the shapes contradict each other';
  const which =
    withoutNeed === 1 ? '1 that computes a shape or an index' : `${withoutNeed} that compute shapes or indices`;
  const needless = withoutNeed ? ` (not needed through ${which})` : '';
  if (blockers.length === 0) return `gradients flow through every node${needless}`;
  const reasons = blockers.slice(0, SHOWN_BLOCKERS).map((node) => `${node.name} (${node.opType}): ${node.why}`);
  const more = blockers.length - reasons.length;
  return `no gradient through ${reasons.join('; ')}${more === 0 ? '' : `; and ${more} more`}${needless}`;
}

const SHOWN_BLOCKERS = 5;

function nodeLines({ nodes }: Inspection, bold: (text: string) => string): string[] {
  const rows = nodes.map((node) => [
    node.name,
    node.domain === '' ? node.opType : `${node.domain}.${node.opType}`,
    node.outputs.map(({ shape }) => shapeText(shape)).join(' '),
    node.parameters === 0 ? '' : formatCount(node.parameters),
  ]);
  const [head, ...lines] = alignColumns(
    [['node', 'operator', 'output', 'parameters'], ...rows],
    ['left', 'left', 'left', 'right'],
  );
  return [bold(head!), ...lines];
}

function valueText({ name, dataType, shape }: ValueSummary): string {
  return `${name} ${dataType}${shapeText(shape)}`;
}

function shapeText(shape: ValueSummary['shape']): string {
  return shape === null ? '[unknown]' : `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
}
