// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this

/** Files that GOOD_RECIPE needs beside it. */
export const GOOD_FILES: Readonly<Record<string, string>> = {
  'data/digits.csv': 'a,label\n1,0\n2,1\n',
  'images/cat/1.png': 'cat',
  'face.onnx': 'not read while planning',
};

/** A faultless recipe for the fake plugins that has every construct of the language. */
export const GOOD_RECIPE = `version: 1
name: everything
seed: 7
params:
  epochs: 4
  keep: 0.1
  method: global
env:
  hash: [LATHE_PRECISION]
  pass: [HOME]
data:
  digits:
    uses: csv
    with:
      file: data/digits.csv
      validation: 20%
  pictures: { uses: images, with: { folder: images } }
networks:
  small:
    layers: [{ linear: 64 }, relu, { linear: 10 }]
    input: [1, 8, 8]
  large:
    uses: mlp
    with: { hidden: [64, 32] }
  given: { file: face.onnx }
models:
  face:
    file: face.onnx
measure:
  data: digits
stages:
  - id: baseline
    uses: train
    with:
      network: small
      data: digits
      epochs: "\${{ params.epochs }}"
      batch: 32
      optimizer: { sgd: { lr: 0.05, momentum: 0.9 } }
      keep: best
      target: 97%
    timeout: 20m
  - id: pruned
    uses: prune
    with:
      keep: "\${{ params.keep }}"
      scope: "\${{ params.method }}"
      select: { exclude: [fc2] }
  - id: student
    uses: transfer
    from:
      teacher: baseline
      student: pruned
    with: { teachers: [baseline, face] }
    needs: [pruned]
  - id: check
    uses: evaluate
    from: student
    with:
      data: digits
      against: baseline
    expect:
      accuracy: { min: 88%, maxDrop: 0.01, from: baseline }
      gzipBytes: { max: 60k }
    tolerance: { accuracy: 2% }
exports:
  model:
    from: check
    to: out/model.onnx
`;

/** A faultless recipe with several cells to a stage. */
export const SWEEP_RECIPE = `version: 1
data:
  digits: { uses: csv, with: { file: data/digits.csv } }
stages:
  - id: base
    uses: train
    with: { network: mlp, data: digits }
  - id: pruned
    uses: prune
    matrix:
      keep: [20%, 10%]
      scope: [layer, global]
      include: [{ keep: 5%, scope: global }]
      exclude: [{ keep: 20%, scope: global }]
    with:
      keep: "\${{ matrix.keep }}"
      scope: "\${{ matrix.scope }}"
  - id: check
    uses: evaluate
    each: pruned
    with: { data: digits, against: base }
  - id: best
    uses: select
    collect: check
    with: { maximize: accuracy }
  - id: other
    uses: prune
    from: pruned[keep=10%,scope=global]
    with: { keep: 1% }
exports:
  chosen: { from: best, to: best.onnx }
  all: { from: "pruned[*]", to: "all/{cell}.onnx" }
`;
