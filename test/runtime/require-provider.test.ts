import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { requireCudaLibrary, requireProvider } from '../../src/runtime/require-provider.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const LINUX = { platform: 'linux', arch: 'x64' } as const;

test('the CPU is always there', async () => {
  await expect(requireProvider('cpu')).resolves.toBeUndefined();
});

test('cuda without its library says how to fetch it', () => {
  const folder = temporaryFolder({});
  const error = {
    code: 'RUNTIME_PROVIDER',
    class: 'infrastructure',
    problem: 'The CUDA library of onnxruntime-node is not installed: it is too large to come with it.',
    fix: `Fetch it: node ${folder}/script/install.js --onnxruntime-node-install=cuda12`,
  };
  expect(() => requireCudaLibrary(folder, LINUX)).toThrow(expect.objectContaining(error));
  const libraries = join(folder, 'bin/napi-v6/linux/x64');
  mkdirSync(libraries, { recursive: true });
  writeFileSync(join(libraries, 'libonnxruntime_providers_cuda.so'), '');
  expect(() => requireCudaLibrary(folder, LINUX)).not.toThrow();
});

test('the command to fetch it names the file as it is called from the folder of the project', () => {
  const folder = join(process.cwd(), 'node_modules/absent');
  expect(() => requireCudaLibrary(folder, LINUX)).toThrow(/node node_modules\/absent\/script\/install\.js --onnx/);
});

test('where onnxruntime has no CUDA, nothing is offered to fetch', () => {
  const mac = { platform: 'darwin', arch: 'arm64' } as const;
  expect(() => requireCudaLibrary('/', mac)).toThrow(
    'onnxruntime-node has no CUDA for darwin/arm64. Use webgpu or cpu.',
  );
});

// Which drivers there are is decided when a process first asks: hence one of its own, on Linux, where it can be denied all.
test.runIf(process.platform === 'linux')('webgpu without a driver says what it needs', async () => {
  const script = `
    import('./dist/src/runtime/index.js')
      .then(({ requireProvider }) => requireProvider('webgpu'))
      .catch(({ code, problem, fix }) => console.log(JSON.stringify({ code, problem, fix })));`;
  const env = { PATH: process.env.PATH, VK_ICD_FILENAMES: '/nonexistent.json', VK_DRIVER_FILES: '/nonexistent.json' };
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env });
  expect(JSON.parse(stdout)).toEqual({
    code: 'RUNTIME_PROVIDER',
    problem: 'onnxruntime cannot compute with webgpu here: Failed to get a WebGPU adapter: No supported adapters',
    fix: expect.stringContaining('on Linux a Vulkan one'),
  });
});
