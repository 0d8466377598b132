/** What `lathe init` writes: a network is trained, pruned, tuned, quantized and checked, in well under a minute. */
export const STARTER_RECIPE = `# yaml-language-server: $schema=./node_modules/onnx-lathe/schemas/recipe.generated.schema.json
version: 1
name: digits
seed: 7

params:
  epochs: 8              # lathe run --set epochs=20
  keep: 0.2              # share of the weights that pruning leaves

data:
  digits:
    uses: digits         # handwritten digits that ship with Lathe; \`lathe plugins\` lists the readers for your own data

networks:
  small:
    layers:
      - { conv: { filters: 16, kernel: 3, pad: 1 } }
      - relu
      - { maxpool: 2 }
      - flatten
      - { linear: 64 }
      - relu
      - { linear: 10 }

# Every model below is measured on the test images, for the table at the end.
measure: { data: digits }

stages:
  - id: baseline
    uses: train
    with: { network: small, data: digits, epochs: "\${{ params.epochs }}", batch: 32, optimizer: { sgd: { lr: 0.05, momentum: 0.9 } } }

  - id: pruned           # no \`from\`: it goes on with the model of the stage above
    uses: prune
    with: { keep: "\${{ params.keep }}" }

  - id: tuned            # pruned weights stay exactly zero
    uses: finetune
    with: { data: digits, epochs: 4, batch: 32, optimizer: { sgd: { lr: 0.02, momentum: 0.9 } } }

  - id: int8
    uses: quantize
    with: { method: static, calibrate: { data: digits } }
    expect:              # gates: \`lathe run\` exits with 3 if one fails
      accuracy: { min: 0.9 }

exports:
  model: { from: int8, to: dist/model.onnx }
`;

export const STARTER_GITIGNORE = `.lathe/
dist/
`;
