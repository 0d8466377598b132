/**
 * How long resnet20 takes with different numbers of channels, beside the whole one: npx jiti bench/channel-blocks.ts
 *
 * One image of 3×32×32 on one thread, random weights. All variants run in turns in one process; of each, the fastest of 30 medians
 * of 40 runs.
 */
import { Random } from '../src/core/random.js';
import { Registry } from '../src/core/registry.js';
import { BUILT_IN_NETWORKS, buildNetwork, type NetworkDefinition } from '../src/network/index.js';
import type { Model } from '../src/onnx/ir.js';
import { channelGroups, chooseChannels, removeChannels } from '../src/prune/channels/index.js';
import { floatFeed, Session } from '../src/runtime/session.js';

const registry = new Registry<NetworkDefinition>('network');
for (const definition of BUILT_IN_NETWORKS) registry.add(definition);
const dense = await buildNetwork(
  { kind: 'uses', uses: 'resnet20', options: { shortcut: 'conv-bn', initializer: 'kaiming-normal' } },
  { inputShape: [3, 32, 32], outputs: 10, random: new Random(1), registry },
);
const all = channelGroups(dense);
const variants = [0.45, 0.5, 0.6, 0.7].flatMap((keep) => [1, 8].map((roundTo) => ({ keep, roundTo })));

const contenders = [
  await contender('dense', dense),
  ...(await Promise.all(
    variants.map(({ keep, roundTo }) => {
      const request = { groups: all.groups, keep, scope: 'layer', importance: 'l2', roundTo } as const;
      const smaller = removeChannels(dense, all, chooseChannels(dense, all, request));
      return contender(`keep ${keep}, roundTo ${roundTo}`, smaller);
    }),
  )),
];
for (let round = 0; round < 30; round++)
  for (const each of contenders) each.best = Math.min(each.best, await median(each));
for (const { name, best } of contenders) {
  process.stdout.write(`${name.padEnd(24)} ${best.toFixed(3)} ms  ${(best / contenders[0]!.best).toFixed(2)}\n`);
}

interface Contender {
  readonly name: string;
  readonly session: Session;
  best: number;
}

async function contender(name: string, model: Model): Promise<Contender> {
  return { name, session: await Session.create(model), best: Number.POSITIVE_INFINITY };
}

async function median({ session }: Contender): Promise<number> {
  const feeds = { [session.inputNames[0]!]: floatFeed(new Float32Array(3 * 32 * 32).fill(0.5), [1, 3, 32, 32]) };
  const times: number[] = [];
  for (let i = 0; i < 40; i++) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[20]!;
}
