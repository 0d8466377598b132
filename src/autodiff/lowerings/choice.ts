import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { dimsOf } from '../emit.js';
import type { Window } from '../window.js';

/** A heavy piece of a graph that can be computed in several ways with the same result up to rounding. */
export interface LoweringQuestion {
  /** Piece and shapes: the same text wherever the same work is to be done. */
  readonly key: string;
  /** Names of all ways that are possible for these shapes. */
  readonly ways: readonly string[];
  /** The way that the rule over shapes picks. */
  readonly usual: string;
  /** The values that the piece is computed from, by name. */
  readonly operands: Readonly<Record<string, Value>>;
  /** Adds the piece to a graph, from operands of the same shapes. */
  emit(b: GraphBuilder, operands: Readonly<Record<string, Value>>, way: string): Value;
}

/** Answers with one of the question's ways; undefined leaves it to the rule over shapes. */
export type ChooseLowering = (question: LoweringQuestion) => string | undefined;

/** The answer to a question. */
export function wayOf(question: LoweringQuestion, choose: ChooseLowering | undefined): string {
  return choose?.(question) ?? question.usual;
}

/** Computes a piece in the way chosen. */
export function lower(b: GraphBuilder, question: LoweringQuestion, choose: ChooseLowering | undefined): Value {
  return question.emit(b, question.operands, wayOf(question, choose));
}

/** The key of a piece with a window. Ends of pads follow from the sizes of operands and outputs. */
export function keyOfWindow(
  piece: string,
  operands: Readonly<Record<string, Value>>,
  { kernel, strides, dilations, begin }: Pick<Window, 'kernel' | 'strides' | 'dilations' | 'begin'>,
  groups: number,
): string {
  const shapes = Object.entries(operands).map(([name, value]) => `${name} ${dimsOf(value).join('×')}`);
  const settings = Object.entries({ kernel, strides, dilations, pads: begin }).map(
    ([name, list]) => `${name} ${list.join('×')}`,
  );
  return [`${piece}:`, ...shapes, ...settings, ...(groups === 1 ? [] : [`groups ${groups}`])].join(' ');
}
