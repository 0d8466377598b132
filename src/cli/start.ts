#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { loadProgram } from './load-program.js';

const program = loadProgram();
// Most runs end before code that V8 has optimized pays for its making, on threads of its own: a quarter of the CPU time of a run that finds everything
// in the cache. It comes later now, after eight times as much work. Only from here on: V8 refuses kept code under other flags.
// Of Node 20, by which it is measured: a flag that another version does not know is an error on the terminal.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000');
void program.main();
