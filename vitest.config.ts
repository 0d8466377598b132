import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['test/**/*.test.ts'],
    // onnxruntime-node crashes when several worker threads of one process use it.
    pool: 'forks',
    globalSetup: ['test/support/temporary-folder-of-the-suite.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
