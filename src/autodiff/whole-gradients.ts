import type { Value } from '../onnx/builder.js';
import { type Feed, floatFeed, Session } from '../runtime/session.js';
import { gradientsOf } from './backward.js';
import type { RuleTable } from './table.js';
import type { TracedModel } from './traced-model.js';

/** The gradients of all targets through the whole model, by name; what is not there is zero. Adds them to the graph. */
export async function wholeGradients(
  traced: TracedModel,
  rules: RuleTable,
): Promise<ReadonlyMap<string, Float32Array>> {
  const { b, targets, values, seeds } = traced;
  const feeds: Record<string, Feed> = Object.fromEntries(values);
  const arriving = new Map<string, Value>();
  for (const [name, seed] of seeds) {
    const { dims } = values.get(name)!;
    feeds[SEED + name] = floatFeed(seed, dims);
    arriving.set(name, b.input(SEED + name, 'float32', dims));
  }
  const outputs = new Map<string, string>();
  gradientsOf(b, arriving, targets, { rules }).forEach((gradient, index) => {
    if (gradient !== null) outputs.set(targets[index]!.name, b.output(gradient, `gradcheck:gradient:${index}`).name);
  });
  if (outputs.size === 0) return new Map();
  // Without optimizations: it has to compute the same values as those that the single nodes were checked on.
  const session = await Session.create(b.build(), { name: 'the gradient of the model', optimization: 'disabled' });
  try {
    const results = await session.run(feeds, [...outputs.values()]);
    return new Map([...outputs].map(([target, name]) => [target, results[name]!.data as Float32Array]));
  } finally {
    await session.release();
  }
}

const SEED = 'gradcheck:seed:';
