import { appendForward } from '../autodiff/index.js';
import { UserError } from '../core/errors.js';
import type { Target } from '../data/dataset.js';
import type { GraphBuilder, Value } from '../onnx/builder.js';
import type { Model } from '../onnx/ir.js';
import { upgradeOpset } from '../onnx/upgrade.js';

/** The part of a training graph that a loss sees, as `train` hands it over. N is the number of samples, K that of classes. */
export interface DistillationContext {
  readonly b: GraphBuilder;
  /** The first is the student's logits, [N, K]. */
  readonly outputs: readonly Value[];
  /** The batch, [N, …]: the teacher sees it too. */
  readonly x: Value;
  readonly y: Value;
  readonly target: Target;
}

/** Adds the loss of every sample, float32 [N]. */
export type SampleLoss = (context: DistillationContext) => Value;

export interface Distillation {
  /** A model with one input; its first output are logits [N, K]. It runs in inference form and is not trained. */
  readonly teacher: Model;
  /** The loss against the labels, cross-entropy as a rule. */
  readonly hard: SampleLoss;
  /** T > 0: the higher, the more the small probabilities of the teacher count. */
  readonly temperature: number;
  /** 0 (labels only: the very graph of plain training) to 1 (teacher only). */
  readonly alpha: number;
}

/**
 * L = (1 - alpha) hard + alpha T² KL(softmax(z_t / T) ‖ softmax(z_s / T)), in log-softmax form, so stable for any logits.
 * The factor T² keeps the gradient's size independent of T.
 * Throws TRANSFER_TEACHER if the teacher's logits do not fit the student's, TRANSFER_TARGET for targets that are no classes.
 * Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network".
 */
export function distillationLoss({ teacher, hard, temperature, alpha }: Distillation): SampleLoss {
  if (alpha === 0) return hard;
  return (context) => {
    const { b, outputs, target } = context;
    if (target.kind !== 'class') {
      throw new UserError(
        'TRANSFER_TARGET',
        'The data set has values to regress, not classes: there are no class probabilities to learn from the teacher.',
        'Distil on a data set with classes, or set alpha: 0.',
      );
    }
    const divergence = klDivergence(b, teacherLogits(context, teacher), outputs[0]!, temperature);
    const soft = b.op('Mul', [divergence, b.scalar(alpha * temperature * temperature)]);
    return alpha === 1 ? soft : b.op('Add', [b.op('Mul', [hard(context), b.scalar(1 - alpha)]), soft]);
  };
}

/** Σ_k p_k (log p_k - log q_k) for p, q = softmax of teacher and student at the temperature: [N]. */
function klDivergence(b: GraphBuilder, teacher: Value, student: Value, temperature: number): Value {
  const logProbabilities = (logits: Value) =>
    b.op('LogSoftmax', [b.op('Mul', [logits, b.scalar(1 / temperature)])], { axis: 1 });
  const [p, q] = [logProbabilities(teacher), logProbabilities(student)];
  const terms = b.op('Mul', [b.op('Exp', [p]), b.op('Sub', [p, q])]);
  return b.op('ReduceSum', [terms, b.ints([1])], { keepdims: 0 });
}

function teacherLogits({ b, outputs, x }: DistillationContext, teacher: Model): Value {
  const inputs = teacher.graph.inputs.filter(({ name }) => !teacher.graph.initializers.has(name));
  const input = inputs[0];
  if (input === undefined || inputs.length > 1 || !fits(x.shape, input.shape)) {
    const taken = inputs.map(({ name, shape }) => `${name} ${shapeText(shape)}`).join(', ') || 'no input';
    throw new UserError(
      'TRANSFER_TEACHER',
      `The teacher takes ${taken}; a batch of the data set is ${shapeText(x.shape)}.`,
      'Teacher and student must take the same samples.',
    );
  }
  const upgraded = upgradeOpset(teacher, b.opsets.get(''));
  const forward = appendForward(b, upgraded, { inputs: { [input.name]: x }, training: false, prefix: 'teacher.' });
  const logits = forward.outputs[upgraded.graph.outputs[0]!.name]!;
  if (!fits(outputs[0]!.shape, logits.shape)) {
    throw new UserError(
      'TRANSFER_TEACHER',
      `The teacher gives ${shapeText(logits.shape)}, the student ${shapeText(outputs[0]!.shape)}.`,
      'Both must have one logit for each class of the data set.',
    );
  }
  return logits;
}

type Shape = Value['shape'];

/** False where two known sizes differ. */
function fits(a: Shape, b: Shape): boolean {
  if (a === null || b === null) return true;
  return (
    a.length === b.length &&
    a.every((dim, axis) => typeof dim !== 'number' || typeof b[axis] !== 'number' || dim === b[axis])
  );
}

function shapeText(shape: Shape): string {
  return shape === null ? '[?]' : `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
}
