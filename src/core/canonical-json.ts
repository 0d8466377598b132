import canonicalize from 'canonicalize';

/** Any value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** The RFC 8785 text of a value: the same for equal values whatever the order of their keys. Throws on NaN and Infinity. */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value as never);
  if (text === undefined) throw new Error('internal: undefined has no canonical JSON');
  return text;
}
