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
    };

export type ExternalPlugin = Extract<PluginIdentity, { kind: 'external' }>;
