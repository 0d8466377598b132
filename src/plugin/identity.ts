/** Who provides a definition, for loading it in a child process and for the cache key. */
export type PluginIdentity =
  | { readonly kind: 'built-in' }
  | {
      readonly kind: 'external';
      /** As the recipe names it, for messages and reports. */
      readonly name: string;
      /** Absolute path of the file to load. */
      readonly specifier: string;
      /** Covers the code and everything that it imports. */
      readonly digest: string;
      /** What the digest covers: files by place with their digests, packages by name with their versions. */
      readonly content: PluginContent;
    };

/** A plugin part by part, so that a changed digest can be explained. */
export interface PluginContent {
  /** Place relative to the entry's folder → SHA-256; the entry itself is ".". */
  readonly files: Readonly<Record<string, string>>;
  /** Name → version. */
  readonly packages: Readonly<Record<string, string>>;
}

export type ExternalPlugin = Extract<PluginIdentity, { kind: 'external' }>;
