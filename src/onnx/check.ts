import { UserError, UserErrors } from '../core/errors.js';
import { type Graph, type Model, type Node, nodeLabel } from './ir.js';
import { cycleError, readNames, sorting } from './order.js';
import { missingAttributes } from './required-attributes.js';
import { missingEnds } from './required-inputs.js';

/** After this many problems the rest adds nothing. */
const MOST_PROBLEMS = 20;

/**
 * Checks that a model hangs together: names are defined once and before they are read, there are outputs, operator sets
 * are declared, required attributes and inputs are there. What onnxruntime checks itself (types of inputs) is left to it.
 * Throws ONNX_DUPLICATE_NAME, ONNX_UNDEFINED_VALUE, ONNX_CYCLE, ONNX_ORDER, ONNX_OPSET, ONNX_ATTRIBUTE, ONNX_INPUTS; several as UserErrors.
 */
export function checkModel(model: Model): void {
  const problems: UserError[] = [];
  checkGraph(model.graph, { model, problems, outer: new Set() });
  if (model.graph.outputs.length === 0) {
    problems.push(new UserError('ONNX_UNDEFINED_VALUE', 'The model has no outputs.', 'Export it again with outputs.'));
  }
  if (problems.length === 1) throw problems[0]!;
  if (problems.length > 1) throw new UserErrors(problems.slice(0, MOST_PROBLEMS));
}

interface Check {
  readonly model: Model;
  readonly problems: UserError[];
  /** Values of the graphs around this one. */
  readonly outer: ReadonlySet<string>;
}

function checkGraph(graph: Graph, check: Check): void {
  const { problems, outer } = check;
  const defined = definedBefore(graph, problems);
  let hasDuplicates = false;
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const { blocked } = sorting(graph);
  for (const node of graph.nodes) {
    checkOpset(node, check);
    const opset = check.model.opsets.get('') ?? 1;
    for (const name of missingAttributes(node, opset)) {
      problems.push(problem('ONNX_ATTRIBUTE', node, `has no attribute "${name}", which it needs`));
    }
    const missing = missingEnds(node, opset);
    if (missing.inputs > 0) problems.push(problem('ONNX_INPUTS', node, `lacks ${counted(missing.inputs, 'input')}`));
    if (missing.outputs > 0) problems.push(problem('ONNX_INPUTS', node, 'has no output'));
    for (const name of readNames(node)) {
      if (defined.has(name) || outer.has(name)) continue;
      if (!made.has(name)) problems.push(problem('ONNX_UNDEFINED_VALUE', node, `reads "${name}", which nothing makes`));
      else if (blocked.length === 0) {
        problems.push(problem('ONNX_ORDER', node, `reads "${name}" before it is made`));
      }
    }
    checkSubgraphs(node, check, defined);
    for (const name of node.outputs) {
      if (name === '') continue;
      if (defined.has(name)) {
        problems.push(problem('ONNX_DUPLICATE_NAME', node, `makes "${name}", which exists already`));
        hasDuplicates = true;
      }
      defined.add(name);
    }
  }
  // With a name made twice, a cycle is only apparent: one root cause is enough.
  if (blocked.length > 0 && !hasDuplicates) problems.push(cycleError(blocked));
  for (const { name } of graph.outputs) {
    if (!defined.has(name) && !outer.has(name)) {
      const text = `The graph "${graph.name}" gives out "${name}", which nothing makes.`;
      problems.push(new UserError('ONNX_UNDEFINED_VALUE', text, EXPORT_AGAIN));
    }
  }
}

/** Inputs and initializers. */
function definedBefore(graph: Graph, problems: UserError[]): Set<string> {
  const defined = new Set([...graph.initializers.keys(), ...(graph.sparseNames ?? [])]);
  const inputs = new Set<string>();
  for (const { name } of graph.inputs) {
    if (inputs.has(name)) {
      problems.push(new UserError('ONNX_DUPLICATE_NAME', `The graph has two inputs named "${name}".`, EXPORT_AGAIN));
    }
    inputs.add(name);
    defined.add(name);
  }
  return defined;
}

function checkOpset(node: Node, { model, problems }: Check): void {
  if (model.opsets.has(node.domain)) return;
  const domain = node.domain === '' ? 'ai.onnx' : node.domain;
  problems.push(problem('ONNX_OPSET', node, `is of the domain "${domain}", of which the model states no version`));
}

/** @param defined values of the graph that the node stands in, so far */
function checkSubgraphs(node: Node, check: Check, defined: ReadonlySet<string>): void {
  for (const attribute of node.attributes.values()) {
    // The sets are joined here, not for every node: most have no subgraph.
    if (attribute.type === 'graph')
      checkGraph(attribute.value, { ...check, outer: new Set([...check.outer, ...defined]) });
  }
}

const EXPORT_AGAIN = 'The model is damaged: export it again.';

function problem(code: CheckCode, node: Node, text: string): UserError {
  const label = nodeLabel(node);
  return new UserError(code, `The node "${label}" (${node.opType}) ${text}.`, EXPORT_AGAIN, {
    place: { kind: 'graph', node: label, opType: node.opType },
  });
}

function counted(count: number, noun: string): string {
  return count === 1 ? `an ${noun}` : `${count} ${noun}s`;
}

type CheckCode =
  | 'ONNX_ATTRIBUTE'
  | 'ONNX_INPUTS'
  | 'ONNX_UNDEFINED_VALUE'
  | 'ONNX_ORDER'
  | 'ONNX_DUPLICATE_NAME'
  | 'ONNX_OPSET';
