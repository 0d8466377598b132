#!/usr/bin/env node
import { main } from './lathe.js';

// The command line module by module; what is installed as `lathe` is the joined one, see build/bundle.mjs.
await main();
