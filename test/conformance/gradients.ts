/**
 * Compares the gradients of operators in forms drawn at random, and in unusual ones, with central differences:
 *
 *   npx jiti test/conformance/gradients.ts [--seed 1] [--runs 20] [--only Conv,Pad] [--verbose]
 *
 * Every form becomes a model in its own opset. onnxruntime runs it as it is and as Lathe raises it to the opset that gradients are
 * defined in: the results must agree. Then its gradients are compared, or it must be refused by a UserError that names the node; forms
 * that are to be refused say so. What onnxruntime itself refuses is left out. Anything else is a finding; exit code 1.
 */
import { parseArgs } from 'node:util';
import { checkDifferentiable } from '../../src/autodiff/index.js';
import { isUserError } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';
import type { Model } from '../../src/onnx/ir.js';
import { upgradeOpset } from '../../src/onnx/upgrade.js';
import { type Feed, Session } from '../../src/runtime/session.js';
import { checkWeights } from './gradients/check-weights.js';
import { Draws, type Form, modelOf, textOf, weightsOf } from './gradients/form.js';
import { RANDOM_FORMS } from './gradients/random-forms.js';
import { UNUSUAL_FORMS } from './gradients/unusual-forms.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '20' },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

/** Central differences in float32 are right to about 1e-4 of the largest. */
const TOLERANCE = 2e-3;
/** Central differences are this wrong by rounding, in parts of the largest result. */
const NOISE = 2e-5;
/** Of the two runs in different opsets. */
const SAME = 1e-5;

type Outcome = 'right' | 'refused' | 'not in onnxruntime' | { readonly finding: string };

async function main(): Promise<number> {
  const only = values.only?.split(',');
  const counts = new Map<string, number>();
  let findings = 0;
  for (const form of forms(Number(values.seed), Number(values.runs))) {
    if (only !== undefined && !only.includes(form.op)) continue;
    const outcome = await judge(form);
    const kind = typeof outcome === 'string' ? outcome : 'finding';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (typeof outcome === 'object') {
      findings++;
      process.stdout.write(`${textOf(form)}\n  ${outcome.finding}\n`);
    } else if (values.verbose && outcome !== 'right') process.stdout.write(`${outcome}: ${textOf(form)}\n`);
  }
  process.stdout.write(`${[...counts].map(([kind, count]) => `${kind}: ${count}`).join(', ')}\n`);
  return findings > 0 ? 1 : 0;
}

function* forms(seed: number, runs: number): Generator<Form> {
  for (const [op, make] of Object.entries(RANDOM_FORMS)) {
    for (let run = 0; run < runs; run++) yield { op, ...make(new Draws(new Random(`${seed}/${op}/${run}`))) };
  }
  for (const make of UNUSUAL_FORMS) yield make(new Draws(new Random(`${seed}/unusual`)));
}

async function judge(form: Form): Promise<Outcome> {
  let original: Record<string, Feed>;
  let model: Model;
  try {
    model = modelOf(form);
    original = await run(model);
  } catch (error) {
    if (isUserError(error) && error.code === 'RUNTIME_LOAD') return 'not in onnxruntime';
    if (isUserError(error) && error.code === 'RUNTIME_RUN') return 'not in onnxruntime';
    return { finding: `the model cannot be made: ${(error as Error).message}` };
  }
  try {
    const raised = upgradeOpset(model);
    const difference = largestDifference(original, await run(raised));
    if (difference > SAME) return { finding: `raised to opset 18 it computes something else, by ${difference}` };
    const noise = NOISE * Math.max(5, ...numbersOf(original).map(Math.abs));
    checkDifferentiable(raised, weightsOf(form));
    for (const check of await checkWeights(raised, weightsOf(form))) {
      const { input, index, error, backward, difference: central } = check;
      if (error > TOLERANCE && Math.abs(backward - central) > noise)
        return { finding: `${input}[${index}] is ${backward}, by central differences ${central}` };
    }
    return form.refused === undefined ? 'right' : { finding: `was to be refused: ${form.refused}` };
  } catch (error) {
    if (!isUserError(error)) return { finding: `a bug: ${(error as Error).stack?.split('\n').slice(0, 3).join(' ')}` };
    const text = `${error.code} ${error.message}`;
    if (form.refused === undefined || !text.includes(form.refused)) return { finding: `is refused: ${text}` };
    return text.includes('node') ? 'refused' : { finding: `the refusal does not name the node: ${text}` };
  }
}

async function run(model: Model): Promise<Record<string, Feed>> {
  const session = await Session.create(model, { optimization: 'disabled' });
  try {
    return await session.run({});
  } finally {
    await session.release();
  }
}

function largestDifference(a: Record<string, Feed>, b: Record<string, Feed>): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  if (left.length !== right.length) return Number.POSITIVE_INFINITY;
  const scale = Math.max(1, ...left.map(Math.abs));
  return Math.max(0, ...left.map((value, i) => (Object.is(value, right[i]) ? 0 : Math.abs(value - right[i]!) / scale)));
}

function numbersOf(results: Record<string, Feed>): number[] {
  return Object.values(results).flatMap(({ data }) => [...data].map(Number));
}

process.exitCode = await main();
