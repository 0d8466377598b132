/** What a module's text may import. Errs on the side of too much: a file too many in a digest costs a recompute, one too few a wrong result. */
export interface ImportScan {
  /** Quoted texts that begin with ./ or ../, wherever they stand: imports, `new URL('./x', import.meta.url)`, file names. */
  readonly relative: readonly string[];
  /** Other specifiers of import, export, require and import(). */
  readonly bare: readonly string[];
  /** Those of `bare` that stand somewhere else than in import() or a type import. */
  readonly bareStatic: readonly string[];
}

/** Finds specifiers without parsing: works alike for TypeScript, JavaScript and whatever syntax comes next. */
export function scanImports(code: string): ImportScan {
  const relative = new Set<string>();
  // A template with a hole counts up to the hole: `./ops/${name}.js` stands for the folder ./ops/.
  for (const [, , text] of code.matchAll(/(['"`])(\.{1,2}(?:\/[^'"`\n\\]*)?)\1/g)) relative.add(upToHole(text!));
  const bare = new Set<string>();
  const bareStatic = new Set<string>();
  for (const match of code.matchAll(/\b(from|import|require)(\s*\(\s*|\s*)(['"`])([^'"`\n.][^'"`\n]*)\3/g)) {
    const [, word, gap, , specifier] = match as unknown as [string, string, string, string, string];
    bare.add(specifier);
    const isDynamic = word === 'import' && gap.includes('(');
    if (!isDynamic && !isTypeImport(code, match.index)) bareStatic.add(specifier);
  }
  return { relative: [...relative].sort(), bare: [...bare].sort(), bareStatic: [...bareStatic].sort() };
}

function upToHole(text: string): string {
  const hole = text.indexOf('${');
  return hole < 0 ? text : text.slice(0, text.lastIndexOf('/', hole) + 1);
}

/** True if the statement that ends with this `from` begins with "import type" or "export type". */
function isTypeImport(code: string, index: number): boolean {
  const head = /(?:^|[;\n])\s*(?:import|export)\b([^;'"`]*)$/.exec(code.slice(0, index));
  return head !== null && /^\s+type\s+[{*\w]/.test(head[1]!) && !/^\s+type\s+from\b/.test(head[1]!);
}
