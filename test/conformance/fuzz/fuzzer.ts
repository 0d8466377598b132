/** A source of hostile input, and what is done with it. */
export interface Fuzzer {
  /** Of a file that a finding is written to. */
  readonly extension: string;
  /** Equal seeds give equal input. */
  make(seed: number): { readonly bytes: Buffer; readonly context?: unknown };
  /** Works through an input. Throws UserError or UserErrors for one that is refused; anything else is a finding. @returns how far it came */
  examine(bytes: Buffer, context: unknown): Promise<string>;
}
