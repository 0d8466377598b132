import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpCache } from '../../../src/artifacts/remote/http-cache.js';
import { httpTransport } from '../../../src/artifacts/remote/transport.js';
import type { Executor } from '../../../src/run/executor.js';
import { objectsServer } from '../../artifacts/remote/servers.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { hostExecutor } from './host-executor.js';

/** An executor with a host on this machine, whose only common folder with it is a web server's. @returns it, and where the host works */
export async function startHost(childEntry: string): Promise<{ readonly executor: Executor; readonly folder: string }> {
  const { url } = await objectsServer();
  const folder = join(temporaryFolder(), 'host');
  const blobs = httpCache({ url: new URL(url), authorization: null, transport: httpTransport() });
  const jiti = join(createRequire(import.meta.url).resolve('jiti/package.json'), '..', 'lib', 'jiti-cli.mjs');
  const host = fileURLToPath(new URL('./host.ts', import.meta.url));
  return {
    executor: hostExecutor({ command: [process.execPath, jiti, host, url, folder, childEntry], blobs }),
    folder,
  };
}
