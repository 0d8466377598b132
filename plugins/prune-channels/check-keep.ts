import { UserError } from 'onnx-lathe/plugin';

/** Throws PRUNE_KEEP for what is neither a share nor a number of channels. */
export function checkKeep(keep: number): void {
  if (keep > 0 && (keep <= 1 || Number.isInteger(keep))) return;
  throw new UserError(
    'PRUNE_KEEP',
    `keep: ${keep} is neither a share above 0 and at most 1, nor a whole number of channels.`,
    'Write 0.5 or 50% for half of the channels, 32 for that many.',
  );
}
