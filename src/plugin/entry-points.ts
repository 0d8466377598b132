/**
 * The public entry points of this package as loaded modules, for plugins that lie where no `onnx-lathe` is installed:
 * they share the modules of the running Lathe instead of a second copy.
 */
const ENTRY_POINTS: Readonly<Record<string, () => Promise<object>>> = {
  'onnx-lathe/autodiff': () => import('../autodiff/index.js'),
  'onnx-lathe/core': () => import('../core/index.js'),
  'onnx-lathe/data': () => import('../data/index.js'),
  'onnx-lathe/evaluate': () => import('../evaluate/index.js'),
  'onnx-lathe/network': () => import('../network/index.js'),
  'onnx-lathe/onnx': () => import('../onnx/index.js'),
  'onnx-lathe/plugin': () => import('./index.js'),
  'onnx-lathe/prune': () => import('../prune/index.js'),
  'onnx-lathe/quantize': () => import('../quantize/index.js'),
  'onnx-lathe/runtime': () => import('../runtime/index.js'),
  'onnx-lathe/train': () => import('../train/index.js'),
  'onnx-lathe/transfer': () => import('../transfer/index.js'),
};

export const ENTRY_POINT_NAMES: readonly string[] = Object.keys(ENTRY_POINTS);

/**
 * Entry points by specifier, for jiti. Those that are imported statically are loaded now, as `require` needs them; the
 * others only when `import()` asks, so that a plugin that is merely planned does not load onnxruntime.
 */
export async function virtualEntryPoints(staticallyImported: ReadonlySet<string>): Promise<Record<string, unknown>> {
  const modules: Record<string, unknown> = {};
  for (const [specifier, load] of Object.entries(ENTRY_POINTS)) {
    if (staticallyImported.has(specifier)) modules[specifier] = await load();
    else Object.defineProperty(modules, specifier, { enumerable: true, get: load });
  }
  return modules;
}
