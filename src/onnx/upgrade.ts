import { UserError } from '../core/errors.js';
import { inferShapes } from './infer.js';
import { cloneModel, type Graph, type Model, type Node } from './ir.js';
import type { ValueType } from './shapes/index.js';
import { attributeUpgrades } from './upgrades/attributes.js';
import { broadcastUpgrades } from './upgrades/broadcast.js';
import { meaningUpgrades } from './upgrades/meaning.js';
import { type UpgradeRule, UpgradeSite, type UpgradeTable } from './upgrades/rule.js';
import { BUILD_OPSET, irVersionOf } from './versions.js';

/** The version of ai.onnx from which on the changes of operators are known. onnxruntime itself starts at 7. */
const LOWEST_OPSET = 6;
/** Up to here the changes of operators are known. */
const HIGHEST_OPSET = 21;

/**
 * The same model in a later version of ai.onnx, also inside its subgraphs. A model that is there or beyond comes back as
 * an unchanged copy. Operators without a breaking change keep their nodes, names and attributes.
 * Throws ONNX_OPSET, naming the node, for what has no equal in the later version.
 */
export function upgradeOpset(model: Model, target: number = BUILD_OPSET): Model {
  const current = model.opsets.get('') ?? target;
  const result = cloneModel(model);
  if (current >= target) return result;
  if (current < LOWEST_OPSET) {
    throw new UserError(
      'ONNX_OPSET',
      `The model is written in opset ${current}; Lathe brings models to a later one from opset ${LOWEST_OPSET} on.`,
      'Export it again with a newer opset.',
    );
  }
  if (target > HIGHEST_OPSET) throw new Error(`internal: no way from opset ${current} to ${target}`);
  const names = new Set<string>();
  collectNames(result.graph, names);
  for (let version = current + 1; version <= target; version++) {
    if (hasChange(result.graph, version)) {
      upgradeGraph(result.graph, { version, names, types: inferShapes(result), isMain: true });
    }
    result.opsets.set('', version);
  }
  result.irVersion = Math.max(result.irVersion, irVersionOf(target));
  return result;
}

interface Step {
  readonly version: number;
  readonly names: Set<string>;
  readonly types: ReadonlyMap<string, ValueType>;
  readonly isMain: boolean;
}

function upgradeGraph(graph: Graph, step: Step): void {
  // In a subgraph nothing is known: its names may hide those of the main graph.
  const types = step.isMain ? step.types : new Map<string, ValueType>();
  const site = new UpgradeSite(graph, step.names, types, step.version);
  graph.nodes = graph.nodes.flatMap((node) => {
    for (const subgraph of subgraphsOf(node)) upgradeGraph(subgraph, { ...step, isMain: false });
    return ruleOf(node, step.version)?.(node, site) ?? [node];
  });
}

function ruleOf(node: Node, version: number): UpgradeRule | undefined {
  return node.domain === '' ? RULES.get(node.opType)?.[version] : undefined;
}

const RULES = mergedRules([broadcastUpgrades, attributeUpgrades, meaningUpgrades]);

function mergedRules(tables: readonly UpgradeTable[]): ReadonlyMap<string, Readonly<Record<number, UpgradeRule>>> {
  const rules = new Map<string, Readonly<Record<number, UpgradeRule>>>();
  for (const table of tables) {
    for (const [opType, versions] of Object.entries(table)) rules.set(opType, { ...rules.get(opType), ...versions });
  }
  return rules;
}

function hasChange(graph: Graph, version: number): boolean {
  return graph.nodes.some(
    (node) => ruleOf(node, version) !== undefined || subgraphsOf(node).some((subgraph) => hasChange(subgraph, version)),
  );
}

function collectNames(graph: Graph, names: Set<string>): void {
  for (const { name } of [...graph.inputs, ...graph.outputs]) names.add(name);
  for (const name of graph.initializers.keys()) names.add(name);
  for (const node of graph.nodes) {
    names.add(node.name);
    for (const name of node.outputs) names.add(name);
    for (const subgraph of subgraphsOf(node)) collectNames(subgraph, names);
  }
}

function subgraphsOf(node: Node): Graph[] {
  return [...node.attributes.values()].flatMap((attribute) => (attribute.type === 'graph' ? [attribute.value] : []));
}
