import { createRequire } from 'node:module';
import type { Json } from '../canonical-json.js';
import { loadPrecompiled, schemaKey, type Validator } from './precompiled.js';
import { type SchemaProblem, type Subject, schemaProblems } from './problems.js';
import type { Schema } from './schema.js';

/** Judges values by their schemas: ajv decides, schemaProblems explains. */
export class Judge {
  private readonly validators = new Map<Schema, Validator>();

  private constructor(private readonly precompiled: Readonly<Record<string, Validator>>) {}

  /** Uses the validators that the build has compiled; ajv itself is loaded for other schemas only. */
  static async create(): Promise<Judge> {
    return new Judge(loadPrecompiled());
  }

  /** Why a value does not fit a schema; empty if it does. */
  problems(schema: Schema, value: Json, subject: Subject): SchemaProblem[] {
    const validate = this.validatorOf(schema);
    if (validate(value)) return [];
    const explained = schemaProblems(schema, value, subject);
    return explained.length > 0 ? explained : [inAjvsWords(validate.errors?.[0])];
  }

  private validatorOf(schema: Schema): Validator {
    const known = this.validators.get(schema) ?? this.precompiled[schemaKey(schema)] ?? this.compile(schema);
    this.validators.set(schema, known);
    return known;
  }

  private compile(schema: Schema): Validator {
    const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
    this.ajv ??= new Ajv2020({
      // Schemas of built-ins are proven by a test, those of plugins by `schemaFaults` when they are loaded.
      meta: false,
      validateSchema: false,
      strict: false,
      validateFormats: false,
    });
    return this.ajv.compile(schema) as Validator;
  }

  private ajv: InstanceType<typeof import('ajv/dist/2020.js').Ajv2020> | undefined;
}

/** What is wrong with a plugin's schema itself, in ajv's words: wrong keywords, wrong types of keywords, unknown references. */
export async function schemaFaults(schema: unknown): Promise<string[]> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowUnionTypes: true,
    validateFormats: false,
    logger: false,
  });
  ajv.addVocabulary(['x-lathe', 'x-unit', 'x-key']);
  if (ajv.validateSchema(schema as object) !== true) {
    const first = new Map<string, string>();
    for (const { instancePath, message } of ajv.errors ?? []) {
      if (!first.has(instancePath)) first.set(instancePath, `${instancePath || 'the schema'} ${message}`);
    }
    return [...first.values()];
  }
  try {
    ajv.compile(schema as object);
    return [];
  } catch (cause) {
    return [cause instanceof Error ? cause.message : String(cause)];
  }
}

function inAjvsWords(error: NonNullable<Validator['errors']>[number] | undefined): SchemaProblem {
  if (error === undefined) throw new Error('internal: ajv refused a value without saying why');
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = path[path.length - 1];
  return {
    kind: 'value',
    path,
    problem: `${name === undefined ? 'This' : `"${name}"`} ${error.message ?? 'does not fit its schema'}.`,
    fix: '',
  };
}
