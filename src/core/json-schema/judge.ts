import type { Ajv2020 as Ajv, ErrorObject } from 'ajv/dist/2020.js';
import type { Json } from '../canonical-json.js';
import { type SchemaProblem, type Subject, schemaProblems } from './problems.js';
import type { Schema } from './schema.js';

/** Judges values by their schemas: ajv decides, schemaProblems explains. */
export class Judge {
  private constructor(private readonly ajv: Ajv) {}

  /** Loads ajv, which takes some 20 ms. */
  static async create(): Promise<Judge> {
    const { Ajv2020 } = await import('ajv/dist/2020.js');
    const ajv = new Ajv2020({
      allErrors: true,
      // Schemas of built-ins are proven by a test, those of plugins by `schemaFaults` when they are loaded.
      meta: false,
      validateSchema: false,
      strict: false,
      validateFormats: false,
    });
    return new Judge(ajv);
  }

  /** Why a value does not fit a schema; empty if it does. */
  problems(schema: Schema, value: Json, subject: Subject): SchemaProblem[] {
    const validate = this.ajv.compile(schema);
    if (validate(value)) return [];
    const explained = schemaProblems(schema, value, subject);
    return explained.length > 0 ? explained : [inAjvsWords(validate.errors?.[0])];
  }
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
  ajv.addVocabulary(['x-lathe', 'x-unit']);
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

function inAjvsWords(error: ErrorObject | undefined): SchemaProblem {
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
