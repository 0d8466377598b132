import { objectCache } from './object-cache.js';
import type { RemoteCache } from './remote-cache.js';
import type { Transport } from './transport.js';

export interface HttpCacheOptions {
  /** Of the folder that holds cas/ and ac/, without credentials, query or fragment. */
  readonly url: URL;
  /** Value of the header Authorization; null sends none. */
  readonly authorization: string | null;
  readonly transport: Transport;
}

/** A cache on a plain HTTP server: GET, HEAD and PUT of cas/<digest> and ac/<key>, as nginx with WebDAV answers them. */
export function httpCache({ url, authorization, transport }: HttpCacheOptions): RemoteCache {
  const base = new URL(url);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const headers: Readonly<Record<string, string>> = authorization === null ? {} : { authorization };
  return objectCache({
    name: base.href.replace(/\/$/, ''),
    base,
    transport,
    authorize: async () => headers,
    faultIn404: () => undefined,
  });
}
