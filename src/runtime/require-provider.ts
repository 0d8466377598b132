import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { UserError } from '../core/errors.js';
import { GraphBuilder } from '../onnx/builder.js';
import type { Provider } from './provider.js';
import { floatFeed, Session } from './session.js';

/**
 * Makes sure that a provider computes on this machine, by running a model of one node on it.
 * Throws RUNTIME_PROVIDER, which says what is missing.
 */
export async function requireProvider(provider: Provider): Promise<void> {
  if (provider === 'cuda') requireCudaLibrary();
  const b = new GraphBuilder({ name: 'probe' });
  const x = b.input('x', 'float32', [4]);
  b.output(b.op('Add', [x, x]), 'y');
  try {
    const session = await Session.create(b.build(), { name: 'the probe', provider });
    await session.run({ x: floatFeed(new Float32Array(4), [4]) });
    await session.release();
  } catch (cause) {
    throw unavailable(`onnxruntime cannot compute with ${provider} here: ${reasonOf(cause)}`, FIX[provider], cause);
  }
}

const FIX: Readonly<Record<Provider, string>> = {
  cpu: 'Check the installation of onnxruntime-node.',
  webgpu:
    'It needs a GPU with its driver, on Linux a Vulkan one (Debian: mesa-vulkan-drivers, or that of the maker). A driver that an ' +
    'environment variable names reaches a stage only if the recipe declares it: env: { hash: [VK_ICD_FILENAMES] }.',
  cuda: 'It needs an NVIDIA GPU with its driver, CUDA 12 and cuDNN 9, found through LD_LIBRARY_PATH.',
};

/** @param folder of onnxruntime-node; default the installed one */
export function requireCudaLibrary(
  folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
  system: Pick<NodeJS.Process, 'platform' | 'arch'> = process,
): void {
  const { platform, arch } = system;
  if (platform !== 'linux' || arch !== 'x64') {
    throw unavailable(`onnxruntime-node has no CUDA for ${platform}/${arch}.`, 'Use webgpu or cpu.');
  }
  const library = join(folder, 'bin', 'napi-v6', platform, arch, 'libonnxruntime_providers_cuda.so');
  if (existsSync(library)) return;
  throw unavailable(
    'The CUDA library of onnxruntime-node is not installed: it is too large to come with it.',
    `Fetch it: node ${shownPath(join(folder, 'script', 'install.js'))} --onnxruntime-node-install=cuda12`,
  );
}

/** As one would type it here. */
function shownPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}

function unavailable(problem: string, fix: string, cause?: unknown): UserError {
  return new UserError('RUNTIME_PROVIDER', problem, fix, { cause, class: 'infrastructure' });
}

/** The sentence that onnxruntime ends its message with, without the places in its own source. */
function reasonOf(cause: unknown): string {
  const root = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const text = root instanceof Error ? root.message.trim() : String(root);
  return text.replace(/^\/onnxruntime_src\/.* was false\. /s, '').replace(/\s+/g, ' ');
}
