import { type Document, LineCounter, type Node, parseDocument } from 'yaml';
import type { Json } from '../core/canonical-json.js';
import { type Place, UserError, UserErrors } from '../core/errors.js';
import type { Path } from '../core/path.js';
import { SourceText } from './source-text.js';
import { Aliases } from './yaml-aliases.js';
import { outlineFault } from './yaml-outline.js';
import { ValuePlaces } from './yaml-places.js';
import { outlineError, syntaxError } from './yaml-syntax.js';
import { RECIPE_LIMITS, ValueReader, type YamlLimits } from './yaml-values.js';

/** A YAML document as plain values that still know where they stand. */
export interface PlacedDocument {
  readonly value: Json;
  /** Where the value at a path stands, or its key; a missing path gives its nearest ancestor. */
  locate(path: Path, target?: 'key' | 'value'): Place;
  /** Where a piece of the text of the value at a path stands; the value itself if the piece is not written there. */
  locateText(path: Path, piece: string, nth: number): Place;
}

/**
 * Parses YAML 1.2 (core schema, merge keys allowed, no custom tags, one document).
 * Throws UserErrors with every problem: RECIPE_SYNTAX alone if the text is no YAML, otherwise RECIPE_DUPLICATE_KEY,
 * RECIPE_KEY, RECIPE_ALIAS, RECIPE_TAG, RECIPE_NUMBER, RECIPE_TOO_LARGE.
 */
export function parseYaml(text: string, file: string, limits: YamlLimits = RECIPE_LIMITS): PlacedDocument {
  const lines = new LineCounter();
  const source = new SourceText(text, file, lines);
  const fault = outlineFault(text, limits.parts);
  if (fault !== undefined && fault.kind !== 'unmatched') {
    countLines(text, lines);
    throw new UserErrors([outlineError(source, fault)]);
  }
  // Of what is behind a bracket that does not match, no mistake is shown.
  const document = parsed(fault === undefined ? text : text.slice(0, fault.end), lines);
  const bad = syntaxError(document, source);
  if (bad !== undefined) throw new UserErrors([bad]);
  if (document.contents === null) {
    throw new UserErrors([
      new UserError('RECIPE_EMPTY', 'The recipe is empty.', 'Start one with `lathe init`.', {
        place: { kind: 'file', file },
        class: 'usage',
      }),
    ]);
  }
  const aliases = new Aliases(document);
  const reader = new ValueReader(source, aliases, limits);
  const value = reader.read(document.contents as Node, false);
  if (reader.problems.length > 0) throw new UserErrors(reader.problems);
  const places = new ValuePlaces(document, source, aliases);
  return {
    value,
    locate: (path, target = 'value') => places.locate(path, target),
    locateText: (path, piece, nth) => places.locateText(path, piece, nth),
  };
}

/** As the parser does, which is not asked. */
function countLines(text: string, lines: LineCounter): void {
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
}

function parsed(text: string, lineCounter: LineCounter): Document.Parsed {
  const { stackTraceLimit } = Error;
  try {
    // The library makes an Error of every mistake, of which there may be as many as characters; a stack takes longer than all else.
    Error.stackTraceLimit = 0;
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      uniqueKeys: false, // checked by ValueReader, which knows both places
      prettyErrors: false,
      lineCounter,
      logLevel: 'error',
    });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
