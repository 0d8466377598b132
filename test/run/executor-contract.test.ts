import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../src/run/child-environment.js';
import { localExecutor } from '../../src/run/local-executor.js';
import { executorContract } from './executor-contract.js';
import { startHost } from './host/start-host.js';

const childEntry = fileURLToPath(new URL('../fixtures/run/child.mjs', import.meta.url));

executorContract('processes of this machine', async () =>
  localExecutor({ childEntry, env: childEnvironment({}, []), graceMs: 200, spares: 2 }),
);

executorContract('a host', async () => (await startHost(childEntry)).executor);
