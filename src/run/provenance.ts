/** Which recipe, stage and key made a model, as entries of ONNX's metadata_props. Written at export only. */
export interface Provenance {
  readonly recipe: string;
  readonly stage: string;
  readonly key: string;
  readonly lathe: string;
}

export function provenanceEntries(provenance: Provenance): Map<string, string> {
  return new Map([
    [`${PREFIX}recipe`, provenance.recipe],
    [`${PREFIX}stage`, provenance.stage],
    [`${PREFIX}key`, provenance.key],
    [`${PREFIX}version`, provenance.lathe],
  ]);
}

/** True for the metadata names that an export writes. */
export function isProvenance(name: string): boolean {
  return name.startsWith(PREFIX);
}

const PREFIX = 'lathe.';
