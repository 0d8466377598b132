// Part of the build: the process of a stage, as dist/bin/child.cjs is, which keeps what V8 has made of its code when it ends.
const { loadJobs } = require('../../dist/bin/load-program.cjs');

process.on('exit', loadJobs().keepCode);
