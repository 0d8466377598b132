import { serveJobs } from '../run/serve-jobs.js';
import { loadRegistries } from './registries.js';

// The process of one stage: started by the local executor, with a channel to the parent.
serveJobs({
  load: loadRegistries,
  warmUp: () => import('../runtime/index.js'),
  async requireProvider(provider) {
    const runtime = await import('../runtime/index.js');
    await runtime.requireProvider(provider);
  },
});
