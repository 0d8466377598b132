import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { UserError } from '../../../src/core/errors.js';
import { RunCancelled } from '../../../src/run/executor.js';
import { unpackError } from '../../../src/run/messages.js';
import type { FromHost, Request, ToHost } from './messages.js';

/** A host that runs, and the conversations with it. */
export class Host {
  isGone = false;
  private readonly process: ChildProcess;
  private readonly ended: Promise<void>;
  private readonly open = new Map<number, Conversation>();
  private lastId = 0;

  constructor([program, ...args]: readonly string[]) {
    this.process = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    // What cannot be said to a host that is gone, 'close' tells.
    this.process.stdin!.on('error', () => {});
    createInterface({ input: this.process.stdout! }).on('line', (line) => this.hear(JSON.parse(line) as FromHost));
    this.ended = new Promise((resolve) => {
      this.process.on('error', (error) => this.end(error.message, resolve));
      this.process.on('close', (code, signal) => this.end(signal ?? `code ${code}`, resolve));
    });
  }

  /** Begins a conversation. The answer is its last message; an error that the host answers with is thrown. */
  ask(
    what: string,
    request: Request,
    onMessage: (message: FromHost) => void = () => {},
  ): { readonly id: number; readonly answer: Promise<FromHost> } {
    const id = ++this.lastId;
    const answer = new Promise<FromHost>((resolve, reject) => this.open.set(id, { what, onMessage, resolve, reject }));
    this.say({ id, ...request });
    return { id, answer };
  }

  say(message: ToHost): void {
    this.process.stdin!.write(`${JSON.stringify(message)}\n`);
  }

  /** Has it end all that it runs, and itself. */
  async close(): Promise<void> {
    this.process.stdin!.end();
    await this.ended;
  }

  private hear(message: FromHost): void {
    const conversation = this.open.get(message.id);
    if (message.type === 'event' || message.type === 'alone') {
      conversation?.onMessage(message);
      return;
    }
    this.open.delete(message.id);
    if (message.type !== 'error') conversation?.resolve(message);
    else conversation?.reject(message.error.kind === 'cancelled' ? new RunCancelled() : unpackError(message.error));
  }

  private end(how: string, then: () => void): void {
    this.isGone = true;
    for (const { what, reject } of this.open.values()) {
      const problem = `The host that had ${what} ended: ${how}.`;
      reject(new UserError('RUN_CHILD_KILLED', problem, 'Look into that machine.', { class: 'infrastructure' }));
    }
    this.open.clear();
    then();
  }
}

interface Conversation {
  readonly what: string;
  readonly onMessage: (message: FromHost) => void;
  readonly resolve: (message: FromHost) => void;
  readonly reject: (error: Error) => void;
}
