// Takes jobs from its standard input and answers on its standard output; started by hostExecutor, here or, as
// `ssh machine node …`, anywhere. Arguments: URL of the blobs, folder to work in, file that the processes of stages run.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { httpCache } from '../../../src/artifacts/remote/http-cache.js';
import { httpTransport } from '../../../src/artifacts/remote/transport.js';
import { childEnvironment } from '../../../src/run/child-environment.js';
import { RunCancelled } from '../../../src/run/executor.js';
import { localExecutor } from '../../../src/run/local-executor.js';
import { packError } from '../../../src/run/messages.js';
import type { FromHost, ToHost } from './messages.js';
import { type ShippedFile, ship, unload, withModelsAt } from './shipping.js';

const [url, folder, childEntry] = process.argv.slice(2) as [string, string, string];
const blobs = httpCache({ url: new URL(url), authorization: null, transport: httpTransport() });
const executor = localExecutor({ childEntry, env: childEnvironment(process.env, []), graceMs: 200 });
const conversations = new Map<number, Conversation>();

/** What may be said to a job while it runs. */
interface Conversation {
  readonly controller: AbortController;
  granted: () => void;
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => void take(JSON.parse(line) as ToHost));
// Nobody waits for a result any more.
input.on('close', async () => {
  await executor.close();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
});

async function take(message: ToHost): Promise<void> {
  if (message.type === 'stop') return conversations.get(message.id)?.controller.abort();
  if (message.type === 'alone') return conversations.get(message.id)?.granted();
  const { id } = message;
  try {
    if (message.type === 'provider') {
      await executor.requireProvider(message.provider);
      return say({ id, type: 'provider' });
    }
    say({ id, type: 'result', result: await execute(message) });
  } catch (error) {
    say({ id, type: 'error', error: error instanceof RunCancelled ? { kind: 'cancelled' } : packError(error) });
  } finally {
    conversations.delete(id);
  }
}

async function execute({ id, job, models, timeoutMs }: ToHost & { type: 'job' }) {
  const conversation: Conversation = { controller: new AbortController(), granted: () => {} };
  conversations.set(id, conversation);
  const { signal } = conversation.controller;
  const staging = join(folder, `job-${id}`);
  await mkdir(staging, { recursive: true });
  try {
    let count = 0;
    const here = await withModelsAt(job, async (path) => {
      const [first] = await unload(models[path]!, join(staging, 'inputs', String(count++)), blobs, signal);
      return first!;
    });
    const { outputs, ...rest } = await executor.execute(
      // A checkpoint would have to travel as well: a job without one begins anew.
      { ...here, staging, checkpoint: null },
      {
        signal,
        timeoutMs,
        onEvent: (event) => say({ id, type: 'event', event }),
        async alone(gone) {
          await new Promise<void>((resolve, reject) => {
            conversation.granted = resolve;
            gone.addEventListener('abort', () => reject(gone.reason), { once: true });
            say({ id, type: 'alone', wanted: true });
          });
          return () => say({ id, type: 'alone', wanted: false });
        },
      },
    );
    const shipped: Record<string, readonly ShippedFile[]> = {};
    for (const [slot, files] of Object.entries(outputs)) {
      const paths = files.map((file) => (typeof file === 'string' ? file : file.path));
      shipped[slot] = await ship(paths, blobs, signal);
    }
    return { ...rest, outputs: shipped };
  } catch (error) {
    throw signal.aborted ? new RunCancelled() : error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function say(message: FromHost): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
