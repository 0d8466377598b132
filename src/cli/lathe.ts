import { runProgram } from './program.js';
import { processTerminal } from './terminal.js';

export { runProgram };

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  // Not process.exit(): what is written to a pipe must arrive.
  process.exitCode = await runProgram(process.argv.slice(2), processTerminal(process.env), process.env);
}
