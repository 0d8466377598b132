/**
 * Why a module could not be loaded, in one sentence with the place in the plugin's own code if it is known.
 * @param files the plugin's files, to tell its stack frames from ours
 */
export function describeLoadFailure(cause: unknown, files: readonly string[]): { problem: string; fix: string } {
  if (!(cause instanceof Error) && !isErrorLike(cause)) return { problem: `it threw ${String(cause)}.`, fix: '' };
  const message = cause.message.trim();
  const syntax = /^(?:ParseError|SyntaxError):?\s*(.*?)\s*\n\s*(\S.*:\d+:\d+)/s.exec(message);
  if (syntax !== null) return { problem: `${sentence(syntax[1]!)} (${syntax[2]})`, fix: 'Mend the syntax.' };
  const missing = /Cannot find (?:module|package) '([^']+)'/.exec(message);
  if (missing !== null) {
    const importer = /Require stack:\n- (.+)|imported from (\S+)/.exec(message);
    const from = importer === null ? '' : ` (imported by ${importer[1] ?? importer[2]})`;
    const isLocal = /^[./]/.test(missing[1]!);
    return {
      problem: `there is no module "${missing[1]}"${from}.`,
      fix: isLocal ? 'Check the path of the import.' : `Run \`npm install ${missing[1]}\` beside the plugin.`,
    };
  }
  // What transpiled code calls an imported name: "(0 , _plugin.defineStag)" is "defineStag".
  const text = message.replaceAll(/\(0 , \w+\.(\w+)\)/g, '$1').split('\n')[0]!;
  const frame = files.length === 0 ? undefined : frameIn(cause.stack ?? '', files);
  return { problem: `${sentence(text)}${frame === undefined ? '' : ` (${frame})`}`, fix: '' };
}

function frameIn(stack: string, files: readonly string[]): string | undefined {
  for (const line of stack.split('\n')) {
    const frame = /\(?(?:file:\/\/)?([^()\s]+:\d+:\d+)\)?$/.exec(line.trim())?.[1];
    if (frame !== undefined && files.some((file) => frame.startsWith(`${file}:`))) return frame;
  }
  return undefined;
}

function isErrorLike(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && typeof (value as { message?: unknown }).message === 'string';
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
