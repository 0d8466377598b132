import { inferShapes } from '../infer.js';
import { cloneModel, type Model, type Node } from '../ir.js';
import { ACTIVATIONS } from './activations.js';
import { NORMALIZATIONS, STANDARD_NORMALIZATIONS } from './normalizations.js';
import { PRODUCTS } from './products.js';
import { type Surroundings, Writer, type WritingRule } from './writer.js';

/**
 * The same model with onnxruntime's own operators written out in those of ai.onnx, where that is known: FusedConv as Conv and
 * Relu, say. onnxruntime's optimizer and exporters put them in for speed; what looks into a graph (gradients above all) then
 * need only know the standard ones. Weights and values keep their names; what has no such form, and subgraphs, stay as they are.
 * @param model in opset 18 at least
 */
export function writtenOut(model: Model): Model {
  if (!model.graph.nodes.some((node) => ruleOf(node) !== undefined)) return model;
  const result = cloneModel(model);
  const { graph } = result;
  const names = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]),
  ]);
  const around: Surroundings = { graph, names, types: inferShapes(result) };
  graph.nodes = graph.nodes.flatMap((node) => nodesFor(node, around));
  return result;
}

/** Whether `writtenOut` knows a node's operator. */
export function isWrittenOut(node: Node): boolean {
  return ruleOf(node) !== undefined;
}

function nodesFor(node: Node, around: Surroundings): readonly Node[] {
  const rule = ruleOf(node);
  if (rule === undefined) return [node];
  const writer = new Writer(node, around);
  return rule(writer) === null ? [node] : writer.nodes;
}

function ruleOf({ domain, opType }: Node): WritingRule | undefined {
  return RULES.get(`${domain === 'ai.onnx' ? '' : domain}:${opType}`);
}

const RULES: ReadonlyMap<string, WritingRule> = new Map([
  ...Object.entries({ ...ACTIVATIONS, ...PRODUCTS, ...NORMALIZATIONS }).map(
    ([opType, rule]) => [`com.microsoft:${opType}`, rule] as const,
  ),
  ...Object.entries(STANDARD_NORMALIZATIONS).map(([opType, rule]) => [`:${opType}`, rule] as const),
]);
