import type { FromSchema } from 'json-schema-to-ts';
import { UserError } from 'onnx-lathe/plugin';
import type { options } from './options.js';

export type TransferOptions = FromSchema<typeof options>;

/**
 * The slot that knowledge comes from: source or teacher by the method; where `network` is the target, the plain model
 * (`from: baseline`, or the stage above) may stand for it.
 */
export function giverSlot({ method, network }: TransferOptions, connected: readonly string[]): string {
  const slot = method === 'copy' ? 'source' : 'teacher';
  return network !== undefined && !connected.includes(slot) ? 'model' : slot;
}

/** Refuses options and slots that contradict each other. */
export function checkOptions(options: TransferOptions, connected: readonly string[]): void {
  checkSlots(options, connected);
  const { method, epochs, data, network } = options;
  if (method === 'distill') {
    if (options.map !== undefined)
      throw contradiction('method: distill takes no map', 'Remove it, or use method: copy.');
    if (epochs === 0) throw contradiction('epochs: 0 distils nothing', 'Give the number of epochs.');
  }
  if (epochs === 0 && options.freeze !== undefined) {
    throw contradiction('freeze has no meaning with epochs: 0', 'Remove one of them: a copy alone trains nothing.');
  }
  if (data !== undefined) return;
  if (epochs > 0) {
    const fix = 'Add data: with a name under data';
    throw contradiction(
      `method: ${method} trains for ${epochs} epochs and needs data`,
      method === 'copy' ? `${fix}, or epochs: 0 to copy only.` : `${fix}.`,
    );
  }
  if (network !== undefined) {
    throw contradiction(
      `The network "${network}" takes its input shape and number of classes from data, which is missing`,
      'Add data: with a name under data.',
    );
  }
}

function checkSlots({ method, network }: TransferOptions, connected: readonly string[]): void {
  const [slot, other] = method === 'copy' ? ['source', 'teacher'] : ['teacher', 'source'];
  if (connected.includes(other!)) {
    throw slotError(`method: ${method} has a slot ${slot}, not ${other}`, `Write from: { ${slot}: … }.`);
  }
  const [hasSlot, hasModel] = [connected.includes(slot!), connected.includes('model')];
  if (network === undefined && !(hasSlot && hasModel)) {
    const missing = hasSlot ? 'no target' : `no ${slot}`;
    throw slotError(
      `method: ${method} has ${missing}`,
      `Write from: { ${slot}: …, model: … } with the model that learns, or network: for a fresh one.`,
    );
  }
  if (network !== undefined && hasSlot === hasModel) {
    throw hasSlot
      ? slotError(
          `Both network: ${network} and the slot model name a target`,
          `Remove one of them: from: { ${slot}: … } alone goes with a network.`,
        )
      : slotError(`method: ${method} has no ${slot}`, `Write from: { ${slot}: … }.`);
  }
}

function contradiction(problem: string, fix: string): UserError {
  return new UserError('TRANSFER_OPTIONS', `${problem}.`, fix);
}

function slotError(problem: string, fix: string): UserError {
  return new UserError('TRANSFER_SLOTS', `${problem}.`, fix);
}
