import { loadJobs } from './load-program.js';

// The process of one stage, where the build has joined the modules: see child.ts.
loadJobs();
