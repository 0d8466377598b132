import { atOption } from '../core/at-option.js';
import { UserError } from '../core/errors.js';
import { matchingTexts } from '../core/matching-texts.js';
import { nearest } from '../core/nearest.js';
import { shownList } from '../core/shown-name.js';
import { type Model, type Node, nodeLabel } from './ir.js';
import { consumersOf, isFloat, type WeightLayer, weightLayers } from './weights.js';

/**
 * Which layers or tensors are meant, the same everywhere in recipes. A pattern names a node ("fc2"), an initializer
 * ("fc2.weight") or what stands before a dot or slash in either name; `*` stands for any text.
 */
export interface Select {
  /** Only what one of these patterns, or of `regex`, matches. */
  readonly include?: readonly string[];
  /** Not what one of these patterns matches. */
  readonly exclude?: readonly string[];
  /** Only layers with these operators. */
  readonly opTypes?: readonly string[];
  /** Like `include`, as JavaScript regular expressions over node and initializer names. */
  readonly regex?: readonly string[];
}

/** One rule of a list in which the first match wins. */
export interface Override<T> {
  readonly select: Select;
  readonly with: T;
}

/**
 * The names of the float tensors that are meant: weights, biases, parameters of normalizations, in the graph's order.
 * Throws SELECT_UNMATCHED for a pattern that matches nothing, SELECT_REGEX.
 */
export function selectTensors(model: Model, select: Select = {}): string[] {
  return selected(tensorSubjects(model), select).map(({ subject }) => subject);
}

/** The nodes that are meant, also by the names of their initializers. Throws as `selectTensors`. */
export function selectNodes(model: Model, select: Select = {}): Node[] {
  const { initializers } = model.graph;
  const subjects = model.graph.nodes.map((node) => ({
    subject: node,
    names: [nodeLabel(node), ...node.inputs.filter((name) => initializers.has(name))],
    opTypes: [node.opType],
  }));
  return selected(subjects, select).map(({ subject }) => subject);
}

/** The weights that are meant of those that can be pruned or quantized. Throws as `selectTensors`. */
export function selectWeights(model: Model, select: Select = {}): (WeightLayer & { readonly role: 'weight' })[] {
  const names = new Set(selectTensors(model, select));
  return weightLayers(model)
    .filter(({ initializer }) => names.has(initializer))
    .map((layer) => ({ ...layer, role: 'weight' }));
}

/** What the first matching override says for each tensor that one matches. Throws as `selectTensors`. */
export function overridesOf<T>(model: Model, overrides: readonly Override<T>[]): Map<string, T> {
  const result = new Map<string, T>();
  for (const [index, { select, with: value }] of overrides.entries()) {
    const names = atOption([index, 'select'], () => selectTensors(model, select));
    for (const name of names) if (!result.has(name)) result.set(name, value);
  }
  return result;
}

/** Something that can be selected, under all names that it goes by. */
interface Subject<T> {
  readonly subject: T;
  readonly names: readonly string[];
  readonly opTypes: readonly string[];
}

function tensorSubjects(model: Model): Subject<string>[] {
  const consumers = consumersOf(model.graph);
  const subjects: Subject<string>[] = [];
  for (const [name, { dataType, dims }] of model.graph.initializers) {
    const nodes = consumers.get(name) ?? [];
    if (!isFloat(dataType) || dims.length === 0 || nodes.length === 0) continue;
    subjects.push({
      subject: name,
      names: [name, ...nodes.map(nodeLabel)],
      opTypes: nodes.map(({ opType }) => opType),
    });
  }
  return subjects;
}

type Test = (subject: Subject<unknown>) => boolean;

function selected<T>(subjects: readonly Subject<T>[], select: Select): Subject<T>[] {
  const names = [...new Set(subjects.flatMap((subject) => subject.names))];
  const tests = (option: keyof Select, make: (pattern: string, names: readonly string[]) => Test): Test[] =>
    (select[option] ?? []).map((pattern, index) =>
      atOption([option, index], () => {
        const test = make(pattern, names);
        if (!subjects.some(test)) throw unmatched(option, pattern, subjects);
        return test;
      }),
    );
  const wanted = [...tests('include', byPattern), ...tests('regex', byRegex)];
  const unwanted = tests('exclude', byPattern);
  const operators = tests('opTypes', byOperator);
  return subjects.filter(
    (subject) =>
      (wanted.length === 0 || wanted.some((test) => test(subject))) &&
      (operators.length === 0 || operators.some((test) => test(subject))) &&
      !unwanted.some((test) => test(subject)),
  );
}

function byPattern(pattern: string, names: readonly string[]): Test {
  const source = pattern
    .replace(/^\//, '')
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  // PyTorch names nodes by paths: "/features/conv1/Conv".
  return byExpression(new RegExp(`^/?${source}([./].*)?$`, 's'), pattern, names);
}

function byRegex(source: string, names: readonly string[]): Test {
  let expression: RegExp;
  try {
    expression = new RegExp(source);
  } catch (cause) {
    throw new UserError('SELECT_REGEX', `"${source}" is no regular expression: ${(cause as Error).message}.`, '', {
      cause,
    });
  }
  return byExpression(expression, source, names);
}

/** @param written how the recipe has it, for messages */
function byExpression(expression: RegExp, written: string, names: readonly string[]): Test {
  const matches = matchingTexts(expression, names);
  if (matches === null) {
    throw new UserError(
      'SELECT_REGEX',
      `"${written}" takes more than two seconds to compare with the names of the model.`,
      'Write it without repetitions inside repetitions, such as (a+)+.',
    );
  }
  return (subject) => subject.names.some((name) => matches.has(name));
}

function byOperator(operator: string): Test {
  return ({ opTypes }) => opTypes.includes(operator);
}

/** Names that a message lists. */
const MOST_LISTED = 12;

function unmatched(option: keyof Select, pattern: string, subjects: readonly Subject<unknown>[]): UserError {
  const all =
    option === 'opTypes' ? subjects.flatMap(({ opTypes }) => opTypes) : subjects.flatMap(({ names }) => names);
  const known = [...new Set(all)];
  const match = nearest(pattern, [...known, ...known.map((name) => name.replace(/[./][^./]*$/, ''))]);
  const what = known.length === 0 ? 'The model has nothing to select.' : `There are ${shownList(known, MOST_LISTED)}.`;
  return new UserError(
    'SELECT_UNMATCHED',
    `"${pattern}" under ${option} matches nothing in the model.`,
    match === undefined ? what : `Did you mean "${match}"? ${what}`,
  );
}
