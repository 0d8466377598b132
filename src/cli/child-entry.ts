import { fileURLToPath } from 'node:url';

/** The file that the processes of stages run: beside this one, or, where the build has joined the modules, above its chunks. */
export function childEntry(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.cjs') ? '../child.cjs' : './child.js', import.meta.url));
}
