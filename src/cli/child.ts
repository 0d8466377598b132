import { serveJobs } from '../run/serve-jobs.js';
import { loadRegistries } from './registries.js';

// The process of one stage: started by the local executor, with a channel to the parent.
serveJobs({ load: loadRegistries, warmUp: () => import('../runtime/index.js') });
