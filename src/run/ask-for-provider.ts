import type { ChildProcess } from 'node:child_process';
import { UserError } from '../core/errors.js';
import type { Provider } from '../runtime/provider.js';
import { type ChildMessage, type ParentMessage, unpackError } from './messages.js';

/**
 * Has a stage's process try out a provider: in the environment that stages run in, and where a driver that crashes takes
 * nothing along. Settles when the process is gone. Throws RUNTIME_PROVIDER.
 */
export function askForProvider(child: ChildProcess, provider: Provider): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer: ChildMessage | undefined;
    // What drivers say there is told by the error, if it matters.
    for (const stream of [child.stdout, child.stderr]) stream?.resume();
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'provider' || message.type === 'error') answer = message;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (answer?.type === 'provider') return resolve();
      if (answer?.type === 'error' && answer.error.kind !== 'cancelled') return reject(unpackError(answer.error));
      const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
      const problem = `A process that tried to compute with ${provider} ${how}.`;
      reject(new UserError('RUNTIME_PROVIDER', problem, 'Look into its driver.', { class: 'infrastructure' }));
    });
    child.send({ type: 'provider', provider } satisfies ParentMessage, () => {});
  });
}
