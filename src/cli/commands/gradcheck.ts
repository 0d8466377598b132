import { resolve } from 'node:path';
import { checkModelGradients, type ModelCheck, type NodeInputCheck } from '../../autodiff/gradcheck-model.js';
import { standardForm } from '../../autodiff/standard-form.js';
import { BUILT_IN_RULES, type RuleTable } from '../../autodiff/table.js';
import { Random } from '../../core/random.js';
import { nodeLabel } from '../../onnx/ir.js';
import { readModel } from '../../onnx/read.js';
import { selectNodes } from '../../onnx/select.js';
import { alignColumns } from '../../report/columns.js';
import { trainableParameters } from '../../train/parameters.js';
import { EXIT } from '../exit-code.js';
import { drawInputs } from '../gradcheck-inputs.js';
import type { Terminal } from '../terminal.js';

export interface GradcheckCommandOptions {
  readonly model: string;
  /** Sizes of inputs, as they were written: `x=2x3x32x32`. */
  readonly shape: readonly string[];
  readonly include: readonly string[];
  readonly opType: readonly string[];
  readonly training: boolean;
  readonly tolerance: number;
  readonly probes: number;
  readonly seed: number;
  readonly json: boolean;
}

/** `lathe gradcheck`: are the gradients of this model right? Exit code 1 if one of them is not. */
export async function gradcheckCommand(
  options: GradcheckCommandOptions,
  terminal: Terminal,
  rules: RuleTable = BUILT_IN_RULES,
): Promise<number> {
  const { seed, probes, tolerance, training, include, opType: opTypes } = options;
  const file = resolve(options.model);
  // Gradients are defined for the operators of this set; reading inputs and names there suits what is checked.
  const model = standardForm(await readModel(file));
  const areSelected = include.length + opTypes.length > 0;
  const selected = areSelected ? selectNodes(model, { include, opTypes }).map(nodeLabel) : null;
  const inputs = drawInputs(model, options.shape, new Random(seed).derive('inputs'));
  const parameters = trainableParameters(model).map(({ name }) => name);
  const check = await checkModelGradients(model, {
    ...{ inputs, parameters, rules, training, probes, tolerance, seed },
    ...(selected === null ? {} : { nodes: new Set(selected) }),
  });
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { dims }]) => [name, dims]));
  const report = { file, inputs: shapes, training, tolerance, probes, seed, ...check };
  terminal.out(options.json ? JSON.stringify(report, null, 2) : textOf(report, terminal));
  return [...check.nodes, ...check.whole].some(({ verdict }) => verdict === 'differs') ? EXIT.stage : EXIT.ok;
}

interface Report extends ModelCheck {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly tolerance: number;
  readonly probes: number;
  readonly seed: number;
}

function textOf(report: Report, { paint }: Terminal): string {
  const { nodes, whole, inputs, tolerance, probes, seed } = report;
  const of = (verdict: NodeInputCheck['verdict']) => nodes.filter((check) => check.verdict === verdict);
  const [head, ...rows] = operatorTable(nodes);
  const [wrong, wrongWhole] = [of('differs'), whole.filter(({ verdict }) => verdict === 'differs')];
  const lines = [
    paint.bold(head!),
    ...rows,
    '',
    ...of('unmeasurable').map((check) => paint.warn(`not measurable: ${place(check)}: ${check.why}`)),
    ...skippedLines(of('skipped')),
    ...wrong.map((check) => paint.bad(`differs: ${place(check)}: ${slopes(check)}`)),
    ...wrongWhole.map(({ tensor, dims, error }) =>
      paint.bad(`differs: "${tensor}" ${list(dims)}, through the whole model: ${shown(error)} from the chain rule`),
    ),
  ];
  if (lines.at(-1) !== '') lines.push('');
  const shapes = Object.entries(inputs).map(([name, dims]) => `${name} ${list(dims)}`);
  const verdict = [
    `${of('agrees').length} of ${nodes.length - of('skipped').length} gradients of single nodes agree with central differences`,
    ...(whole.length === 0
      ? []
      : [`${whole.length - wrongWhole.length} of ${whole.length} through the whole model with the chain rule`]),
  ].join(', ');
  lines.push(
    `inputs ${shapes.join(', ')}; tolerance ${tolerance}, ${probes} directions each, seed ${seed}`,
    wrong.length + wrongWhole.length > 0 ? paint.bad(verdict) : paint.good(verdict),
  );
  return lines.join('\n');
}

/** A line for each operator and reason. */
function skippedLines(checks: readonly NodeInputCheck[]): string[] {
  const counts = new Map<string, number>();
  for (const { opType, input, why } of checks) {
    const text = `input ${input} of ${opType}: ${why}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => `not checked: ${count === 1 ? '' : `${count} times `}${text}`);
}

/** A row for each operator, by name. */
function operatorTable(checks: readonly NodeInputCheck[]): string[] {
  const operators = [...new Set(checks.map(({ opType }) => opType))].sort();
  const rows = operators.map((opType) => {
    const own = checks.filter((check) => check.opType === opType);
    const count = (verdict: NodeInputCheck['verdict']) =>
      String(own.filter((check) => check.verdict === verdict).length || '');
    const agreeing = own.filter(({ verdict }) => verdict === 'agrees').map(({ error }) => error);
    return [
      opType,
      String(new Set(own.map(({ node }) => node)).size),
      String(own.length),
      count('agrees'),
      count('differs'),
      count('unmeasurable'),
      count('skipped'),
      agreeing.length === 0 ? '' : shown(Math.max(...agreeing)),
    ];
  });
  const head = ['operator', 'nodes', 'gradients', 'agree', 'differ', 'not measurable', 'not checked', 'largest error'];
  return alignColumns([head, ...rows], ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right']);
}

function place({ node, opType, input, tensor, dims }: NodeInputCheck): string {
  return `${node} (${opType}), input ${input} "${tensor}" ${list(dims)}`;
}

function slopes({ backward, difference, error }: NodeInputCheck): string {
  return `backward ${backward.toPrecision(4)}, central difference ${difference.toPrecision(4)}, relative error ${shown(error)}`;
}

function shown(error: number): string {
  return error.toExponential(1);
}

function list(dims: readonly number[]): string {
  return `[${dims.join(', ')}]`;
}
