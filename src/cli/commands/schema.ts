import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { guarded, systemCode } from '../../artifacts/storage-error.js';
import { UserError } from '../../core/errors.js';
import { recipeSchemaText } from '../../recipe/compose-schema.js';
import { EXIT } from '../exit-code.js';
import { registriesFor } from '../prepare.js';
import type { Environment } from '../program.js';
import type { Terminal } from '../terminal.js';
import type { TrustOptions } from '../trust.js';

export interface SchemaCommandOptions extends TrustOptions {
  readonly recipe?: string;
  readonly write?: string;
  readonly check?: string;
}

/** `lathe schema`: the JSON Schema of recipes. Throws CLI_SCHEMA_STALE from `--check`. */
export async function schemaCommand(
  options: SchemaCommandOptions,
  terminal: Terminal,
  env: Environment,
): Promise<number> {
  const { write, check } = options;
  const text = recipeSchemaText(await registriesFor(options, { terminal, env }));
  if (check !== undefined) await refuseStale(resolve(check), text);
  if (write !== undefined) {
    const path = resolve(write);
    await guarded(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    });
    terminal.err(`Wrote ${write}.`);
  }
  if (check === undefined && write === undefined) terminal.out(text.trimEnd());
  return EXIT.ok;
}

async function refuseStale(path: string, text: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch((cause) => {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw cause;
  });
  if (found === text) return;
  throw new UserError(
    'CLI_SCHEMA_STALE',
    `${path} ${found === undefined ? 'does not exist' : 'is not what the plugins say now'}.`,
    `Run lathe schema --write ${path}.`,
    { class: 'stage' },
  );
}
