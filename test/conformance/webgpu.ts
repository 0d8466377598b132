/**
 * Computes models in a browser, with onnxruntime-web's WebGPU, and compares with onnxruntime-node on the CPU:
 *
 *   npm install --no-save --prefix build/browser onnxruntime-web@1.30.0 playwright-core@1.56.0
 *   npm run build && npx jiti test/conformance/webgpu.ts [model.onnx …]
 *
 * Needs no GPU: Chromium ($CHROMIUM, default /usr/bin/chromium) computes WebGPU with SwiftShader, on the CPU. The given models;
 * networks with fresh weights; a training step (forward, backward, update) as its stage makes it for WebGPU.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { Random } from '../../src/core/random.js';
import { encodeModel, type Model, readModel } from '../../src/onnx/index.js';
import { type Feed, forWebgpu, miscomputedByWebgpu, Session } from '../../src/runtime/index.js';
import { buildTraining } from '../../src/train/build.js';
import { relativeError, trainingCase } from './webgpu-cases.js';
import { PAGE } from './webgpu-page.js';

/** Sums of float32 in another order. */
const RTOL_FLOAT32 = 1e-4;
/** A rounding that goes the other way is a step of the last layer. */
const RTOL_INT8 = 0.05;

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly rtol: number;
  /** onnxruntime-web 1.30 gives other results for int8 on WebGPU: such models run on its CPU there. */
  readonly provider: 'webgpu' | 'wasm';
}

const subjects = [
  ...(await Promise.all(process.argv.slice(2).map(fileSubject))),
  ...(await Promise.all(['lenet5', 'lenet-cifar', 'resnet8'].map(networkSubject))),
  await trainingSubject('lenet-cifar', [3, 32, 32]),
  await trainingSubject('resnet8', [3, 16, 16]),
];
const server = await serve(new Map(subjects.map((subject) => [subject.name, subject])));
const failures: string[] = [];
const browser = await launch();
try {
  const page = await browser.newPage();
  page.on('pageerror', (error: Error) => process.stderr.write(`page: ${error.message}\n`));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction('window.isReady');
  const { gpu, isolated } = await page.evaluate('adapter()');
  if (gpu === null || !isolated) throw new Error(`no WebGPU in this browser (adapter ${gpu}, isolated ${isolated})`);
  process.stdout.write(`${browser.version()}, ${gpu}\n`);
  for (const { name, bytes, feeds, rtol, provider } of subjects) {
    const session = await Session.create(bytes, { name });
    const expected = await session.run(feeds);
    await session.release();
    const actual: Record<string, number[]> = await page.evaluate(`compute(${JSON.stringify(name)}, '${provider}')`);
    const errors = Object.entries(expected).map(([output, { data }]) =>
      relativeError(actual[output] ?? [], data as Float32Array),
    );
    const worst = Math.max(...errors);
    const isGood = worst <= rtol;
    process.stdout.write(`${isGood ? '✓' : '✗'} ${name}, ${provider}: largest error ${worst.toExponential(1)}\n`);
    if (!isGood) failures.push(name);
  }
} finally {
  await browser.close();
  server.close();
}
if (failures.length > 0) {
  process.stderr.write(`Not as on the CPU: ${failures.join(', ')}\n`);
  process.exit(1);
}

async function fileSubject(path: string): Promise<Subject> {
  const model = await readModel(resolve(path));
  const isInteger = model.graph.nodes.some(({ opType }) => opType === 'QuantizeLinear');
  const subject = modelSubject(basename(path), model);
  return isInteger ? { ...subject, rtol: RTOL_INT8, provider: 'wasm' } : subject;
}

async function networkSubject(name: string): Promise<Subject> {
  const { request } = await trainingCase(name, name === 'lenet5' ? [1, 28, 28] : [3, 32, 32]);
  const subject = modelSubject(name, request.model);
  const wrong = miscomputedByWebgpu(request.model);
  return wrong.length === 0 ? subject : { ...modelSubject(name, forWebgpu(request.model)), name: `${name}, mended` };
}

function modelSubject(name: string, model: Model): Subject {
  const feeds = feedsFor(model.graph.inputs.map((input) => ({ ...input, shape: input.shape!.map(sizeOf) })));
  return { name, bytes: encodeModel(model), feeds, rtol: RTOL_FLOAT32, provider: 'webgpu' };
}

function sizeOf(dim: number | string | null): number {
  return typeof dim === 'number' ? dim : 2;
}

async function trainingSubject(network: string, inputShape: readonly number[]): Promise<Subject> {
  const { request } = await trainingCase(network, inputShape);
  const { program } = buildTraining({ ...request, provider: 'webgpu' }, null, null);
  if (program.graphs.kind !== 'fused') throw new Error('a single shard trains with one graph');
  const bytes = program.graphs.step;
  const session = await Session.create(bytes);
  const shapes: Readonly<Record<string, readonly number[]>> = {
    'step:x': program.xDims,
    'step:y': program.yDims,
    'step:hyper': [program.hyperSize],
  };
  const inputs = session.inputNames.map((name) => ({
    name,
    dataType: name === 'step:y' && program.isClass ? 'int32' : 'float32',
    shape: shapes[name] ?? [program.size],
  }));
  await session.release();
  return {
    name: `a training step of ${network}`,
    bytes,
    feeds: feedsFor(inputs),
    rtol: RTOL_FLOAT32,
    provider: 'webgpu',
  };
}

/** Noise, small enough for weights; labels that exist. */
function feedsFor(
  inputs: readonly { readonly name: string; readonly dataType: string; readonly shape: readonly number[] }[],
): Record<string, Feed> {
  const random = new Random('feeds');
  return Object.fromEntries(
    inputs.map(({ name, dataType, shape }) => {
      const length = shape.reduce((product, dim) => product * dim, 1);
      const data =
        dataType === 'int32'
          ? Int32Array.from({ length }, () => random.int(10))
          : Float32Array.from({ length }, () => 0.1 * random.normal());
      return [name, { dataType: dataType as Feed['dataType'], dims: shape, data }];
    }),
  );
}

/** On the loopback alone, with the headers that give a page threads. */
async function serve(models: ReadonlyMap<string, Subject>) {
  const folder = 'build/browser/node_modules/onnxruntime-web/dist';
  const answer = async (url: string): Promise<readonly [type: string, body: string | Uint8Array] | null> => {
    const [, kind, name = ''] = url.split('/').map(decodeURIComponent);
    if (url === '/') return ['text/html', PAGE];
    if (kind === 'ort') {
      const type = name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
      return [type, await readFile(join(folder, basename(name)))];
    }
    const model = models.get(name);
    if (model === undefined) return null;
    if (kind === 'models') return ['application/octet-stream', model.bytes];
    const inputs = Object.entries(model.feeds).map(([input, feed]) => ({
      name: input,
      ...feed,
      data: [...(feed.data as Float32Array)],
    }));
    return ['application/json', JSON.stringify(inputs)];
  };
  const handle = async ({ url }: IncomingMessage, response: ServerResponse) => {
    const found = await answer(url ?? '/').catch(() => null);
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    if (found === null) return response.writeHead(404).end();
    return response.writeHead(200, { 'Content-Type': found[0] }).end(found[1]);
  };
  const listening = createServer((request, response) => void handle(request, response));
  await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done));
  return listening;
}

/** playwright-core is not among the development dependencies: it and onnxruntime-web are needed here alone. */
async function launch() {
  const { chromium } = createRequire(resolve('build/browser/package.json'))('playwright-core') as {
    chromium: { launch(options: object): Promise<Browser> };
  };
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
      ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'],
    ],
  });
}

interface Browser {
  version(): string;
  newPage(): Promise<{
    on(event: 'pageerror', listener: (error: Error) => void): void;
    goto(url: string): Promise<unknown>;
    waitForFunction(expression: string): Promise<unknown>;
    // biome-ignore lint/suspicious/noExplicitAny: whatever the page gives back
    evaluate(expression: string): Promise<any>;
  }>;
  close(): Promise<void>;
}
