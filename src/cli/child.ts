import { serveJobs } from '../run/serve-jobs.js';
import type { Provider } from '../runtime/provider.js';
import { loadRegistries } from './registries.js';

// The process of one stage: started by the local executor, with a channel to the parent.
serveJobs({
  load: loadRegistries,
  // Running any model sets onnxruntime up, which is most of what a stage would wait for.
  warmUp: () => requireProvider('cpu'),
  requireProvider,
});

async function requireProvider(provider: Provider): Promise<void> {
  const runtime = await import('../runtime/index.js');
  await runtime.requireProvider(provider);
}
