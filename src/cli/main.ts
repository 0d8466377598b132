#!/usr/bin/env node
import { runProgram } from './program.js';
import { processTerminal } from './terminal.js';

// Not process.exit(): what is written to a pipe must arrive.
process.exitCode = await runProgram(process.argv.slice(2), processTerminal(process.env), process.env);
