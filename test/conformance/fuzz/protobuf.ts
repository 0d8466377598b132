import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type ModelProto, ModelProtoSchema } from 'onnx-buf';

/** One change of the fields of a model. Every number is taken modulo what there is. */
export interface FieldEdit {
  readonly kind: 'number' | 'text' | 'bytes' | 'remove' | 'duplicate' | 'move' | 'shuffle' | 'clear';
  readonly where: number;
  readonly whither: number;
  readonly number: bigint;
  readonly text: string;
}

const NUMBERS = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  127n,
  255n,
  1000n,
  65536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n,
  2n ** 62n,
];
const EXTREMES = [...NUMBERS, ...NUMBERS.map((each) => -each), 2n ** 63n - 1n, -(2n ** 63n)];
const TEXTS = [
  ...[
    '',
    ' ',
    '__proto__',
    'constructor',
    'x'.repeat(3000),
    '\u001b[31m',
    '\u0000',
    '../../etc/passwd',
    '/etc/passwd',
    'model.data',
    'location',
  ],
  ...[
    'Conv',
    'Gemm',
    'MatMul',
    'Reshape',
    'If',
    'Loop',
    'Scan',
    'Constant',
    'ConstantOfShape',
    'Range',
    'Tile',
    'Expand',
    'Resize',
    'Pad',
  ],
  ...[
    'Slice',
    'Gather',
    'Concat',
    'Split',
    'Shape',
    'Size',
    'OneHot',
    'Einsum',
    'Identity',
    'BatchNormalization',
    'DequantizeLinear',
    'Squeeze',
  ],
  ...[
    'LSTM',
    'MaxPool',
    'AveragePool',
    'ConvTranspose',
    'Softmax',
    'LayerNormalization',
    'Transpose',
    'Where',
    'Cast',
    'ReduceMean',
    'TopK',
    'Clip',
  ],
  ...[
    'axes',
    'axis',
    'perm',
    'pads',
    'strides',
    'kernel_shape',
    'group',
    'body',
    'then_branch',
    'equation',
    'value',
    'ai.onnx',
    'com.microsoft',
  ],
];

const edit: fc.Arbitrary<FieldEdit> = fc.record({
  kind: fc.constantFrom<FieldEdit['kind']>(
    'number',
    'number',
    'number',
    'text',
    'text',
    'bytes',
    'remove',
    'duplicate',
    'move',
    'shuffle',
    'clear',
  ),
  where: fc.nat(1_000_000),
  whither: fc.nat(1_000_000),
  number: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...EXTREMES) },
    { weight: 1, arbitrary: fc.bigInt(-20n, 20n) },
  ),
  text: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
    { weight: 1, arbitrary: fc.string({ maxLength: 5 }) },
  ),
});

export const fieldEdits: fc.Arbitrary<readonly FieldEdit[]> = fc.oneof(
  { weight: 2, arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(edit, { minLength: 2, maxLength: 4 }) },
);

/** A changed model, as its bytes. */
export function editFields(bytes: Uint8Array, edits: readonly FieldEdit[]): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes.slice());
  for (const each of edits) apply(model, each);
  return toBinary(ModelProtoSchema, model);
}

type Holder = Record<string | number, unknown>;

interface Field {
  readonly holder: Holder;
  readonly key: string | number;
}

function apply(model: ModelProto, { kind, where, whither, number, text }: FieldEdit): void {
  const all = fieldsOf(model as unknown as Holder);
  const pick = (fields: readonly Field[], index: number) => fields[index % fields.length];
  const ofType = (...types: string[]) => all.filter(({ holder, key }) => types.includes(typeof holder[key]));
  const lists = () =>
    all.filter(({ holder, key }) => Array.isArray(holder[key]) && (holder[key] as unknown[]).length > 0);
  switch (kind) {
    case 'number': {
      const field = pick(ofType('bigint', 'number'), where);
      if (field === undefined) return;
      const { holder, key } = field;
      // Fields of 32 bits are numbers, some of them enumerations: the encoder refuses what they cannot hold.
      holder[key] = typeof holder[key] === 'bigint' ? number : Number(BigInt.asIntN(32, number));
      return;
    }
    case 'text': {
      const texts = ofType('string');
      const field = pick(texts, where);
      const other = pick(texts, whither);
      // Half of the time a name that stands somewhere else: cycles, names that are made twice, wrong inputs.
      if (field !== undefined) field.holder[field.key] = whither % 2 === 0 ? text : other!.holder[other!.key];
      return;
    }
    case 'bytes': {
      const field = pick(
        all.filter(({ holder, key }) => holder[key] instanceof Uint8Array),
        where,
      );
      if (field === undefined) return;
      const old = field.holder[field.key] as Uint8Array;
      const longer = new Uint8Array(old.length + (whither % 9));
      longer.set(old);
      field.holder[field.key] = whither % 2 === 0 ? old.slice(0, whither % (old.length + 1)) : longer;
      return;
    }
    case 'clear': {
      const field = pick(lists(), where);
      if (field !== undefined) field.holder[field.key] = [];
      return;
    }
    default:
      editList(lists(), kind, where, whither);
  }
}

function editList(
  lists: readonly Field[],
  kind: 'remove' | 'duplicate' | 'move' | 'shuffle',
  where: number,
  whither: number,
): void {
  const field = lists[where % lists.length];
  if (field === undefined) return;
  const list = field.holder[field.key] as unknown[];
  const index = whither % list.length;
  if (kind === 'remove') list.splice(index, 1);
  else if (kind === 'duplicate') list.splice(index, 0, list[index]);
  else if (kind === 'move') list.unshift(...list.splice(index, 1));
  else list.reverse();
}

/** Every field with a value, of the message and of those inside it. */
function fieldsOf(holder: Holder): Field[] {
  const found: Field[] = [];
  for (const key of Object.keys(holder)) {
    // Which field of several is set is not a field itself.
    if (key.startsWith('$') || key === 'case') continue;
    const value = holder[key];
    if (value === undefined || value === null) continue;
    found.push({ holder, key });
    if (typeof value === 'object' && !(value instanceof Uint8Array)) found.push(...fieldsOf(value as Holder));
  }
  return found;
}
