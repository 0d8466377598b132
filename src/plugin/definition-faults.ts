import type { Json } from '../core/canonical-json.js';
import { schemaFaults } from '../core/json-schema/judge.js';
import { isMapping } from '../core/json-schema/schema.js';
import { type DatasetDefinition, isDatasetDefinition } from '../data/dataset.js';
import type { NetworkDefinition } from '../network/network.js';
import { isObserverDefinition, type ObserverDefinition, observerFaults } from './observer.js';
import { isStageDefinition, type StageDefinition } from './stage.js';

/** What is wrong with a definition that a plugin exports, in words that follow "malformed:"; empty if nothing is. */
export async function definitionFaults(
  definition: StageDefinition | DatasetDefinition | NetworkDefinition | ObserverDefinition,
): Promise<string[]> {
  if (isObserverDefinition(definition)) return observerFaults(definition);
  const name = definition.name as unknown;
  const noun = isStageDefinition(definition) ? 'stage' : isDatasetDefinition(definition) ? 'data set' : 'network';
  const what = typeof name === 'string' && name !== '' ? `${noun} "${name}"` : `a ${noun}`;
  const faults: string[] = [];
  const demand = (holds: boolean, text: string) => {
    if (!holds) faults.push(`${what} ${text}`);
  };
  demand(
    typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_.-]*$/.test(name),
    'has no name of letters, digits, ".", "-" and "_"',
  );
  demand(
    Number.isInteger(definition.revision) && definition.revision >= 1,
    'has no revision, a whole number from 1 on',
  );
  demand(typeof definition.summary === 'string' && definition.summary !== '', 'has no summary');
  if (!isMapping(definition.options) || definition.options.type !== 'object') {
    demand(false, "has no options, a JSON Schema with type: 'object'");
  } else {
    for (const fault of await schemaFaults(definition.options)) demand(false, `has a bad options schema: ${fault}`);
    for (const kind of referenceKinds(definition.options)) {
      const allowed = isStageDefinition(definition) ? STAGE_KINDS : FILE_KINDS;
      demand(
        allowed.includes(kind),
        `has x-lathe: ${JSON.stringify(kind)} in its options; possible are ${allowed.join(', ')}`,
      );
    }
  }
  if (isStageDefinition(definition)) faults.push(...stageFaults(definition, what));
  else if (isDatasetDefinition(definition)) demand(typeof definition.open === 'function', 'has no function open');
  else demand(typeof definition.build === 'function', 'has no function build');
  return faults;
}

const FILE_KINDS: readonly unknown[] = ['file', 'folder'];
const STAGE_KINDS: readonly unknown[] = ['file', 'folder', 'dataset', 'network', 'model', 'metric'];

function stageFaults(stage: StageDefinition, what: string): string[] {
  const faults: string[] = [];
  const inputs = (isMapping(stage.inputs) ? stage.inputs : {}) as Record<string, unknown>;
  if (!isMapping(stage.inputs)) faults.push(`${what} has no inputs; a stage without any has inputs: {}`);
  for (const [slot, spec] of Object.entries(inputs)) {
    const isOptional = isMapping(spec) && spec.type === 'model' && spec.optional === true;
    if (spec !== 'model' && !isOptional) {
      faults.push(`input "${slot}" of ${what} is neither 'model' nor { type: 'model', optional: true }`);
    }
  }
  if (!isMapping(stage.outputs)) faults.push(`${what} has no outputs; a stage without any has outputs: {}`);
  for (const [slot, spec] of Object.entries(
    (isMapping(stage.outputs) ? stage.outputs : {}) as Record<string, unknown>,
  )) {
    if (spec === 'model') continue;
    if (isMapping(spec) && spec.chosen === true) {
      if (stage.collects !== true) faults.push(`output "${slot}" of ${what} is chosen, but the stage collects nothing`);
      continue;
    }
    const same = isMapping(spec) ? spec.same : undefined;
    if (typeof same !== 'string' || !Object.hasOwn(inputs, same)) {
      faults.push(`output "${slot}" of ${what} is neither 'model', { same: <one of its inputs> } nor { chosen: true }`);
    }
  }
  if (!isMapping(stage.metrics)) faults.push(`${what} has no metrics; a stage without any has metrics: {}`);
  for (const [metric, spec] of Object.entries(isMapping(stage.metrics) ? stage.metrics : {})) {
    if (!isMapping(spec) || typeof spec.unit !== 'string') faults.push(`metric "${metric}" of ${what} has no unit`);
    else if (spec.parts !== undefined && !isListOfNames(spec.parts)) {
      faults.push(`parts of the metric "${metric}" of ${what} are no list of names`);
    }
  }
  if (stage.collects !== true && referenceKinds(stage.options).includes('metric')) {
    faults.push(`${what} has x-lathe: "metric" in its options, but collects nothing that has metrics`);
  }
  if (typeof stage.computes !== 'boolean') faults.push(`${what} does not say whether it computes: true or false`);
  if (typeof stage.run !== 'function') faults.push(`${what} has no function run`);
  if (stage.check !== undefined && typeof stage.check !== 'function') faults.push(`check of ${what} is no function`);
  if (stage.plan !== undefined && typeof stage.plan !== 'function') faults.push(`plan of ${what} is no function`);
  return faults;
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string');
}

/** Every value of `x-lathe` in a schema. */
function referenceKinds(schema: unknown): Json[] {
  if (Array.isArray(schema)) return schema.flatMap(referenceKinds);
  if (!isMapping(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === 'x-lathe' ? [value as Json] : referenceKinds(value),
  );
}
