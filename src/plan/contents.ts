import type { Json } from '../core/canonical-json.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import type { PluginIdentity } from '../plugin/identity.js';

/** What digests stand for, noted while a plan is made: for telling what changed, no part of any key. */
export class Contents {
  private readonly known = new Map<string, Json>();

  /** @returns the digest */
  note(digest: string, content: Json): string {
    if (sizeOf(content) <= CONTENT_SIZE_MAX) this.known.set(digest, content);
    return digest;
  }

  /** @returns the digest of the plugin's code; null for what comes with Lathe */
  notePlugin(plugin: PluginIdentity): string | null {
    return plugin.kind === 'built-in' ? null : this.note(plugin.digest, { ...plugin.content });
  }

  /** The contents of all digests in a value, and of those in these contents. */
  within(value: Json): Record<string, Json> {
    const found: Record<string, Json> = {};
    const visit = (part: Json | undefined): void => {
      if (typeof part === 'string') {
        const content = this.known.get(part);
        if (content === undefined || found[part] !== undefined) return;
        found[part] = content;
        visit(content);
      } else if (Array.isArray(part)) for (const item of part) visit(item);
      else if (isJsonMapping(part)) for (const item of Object.values(part)) visit(item);
    };
    visit(value);
    return found;
  }
}

function sizeOf(content: Json): number {
  if (Array.isArray(content)) return content.reduce((sum: number, item: Json) => sum + sizeOf(item), 0);
  if (!isJsonMapping(content)) return 1;
  return Object.values(content).reduce((sum: number, item) => sum + sizeOf(item), 0);
}

/** A folder of more files than that is only said to have changed: the list would be stored with every result. */
const CONTENT_SIZE_MAX = 2000;
