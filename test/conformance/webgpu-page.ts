/** What the browser of test/conformance/webgpu.ts runs: a page without a build step, onnxruntime-web beside it. */
export const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>onnxruntime-web</title>
<script type="module">
  import * as ort from '/ort/ort.bundle.min.mjs';
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.logLevel = 'error';

  const ARRAYS = { float32: Float32Array, int32: Int32Array };

  /** @returns output name -> numbers */
  window.compute = async (model, provider) => {
    const bytes = new Uint8Array(await (await fetch('/models/' + model)).arrayBuffer());
    const inputs = await (await fetch('/inputs/' + model)).json();
    const session = await ort.InferenceSession.create(bytes, { executionProviders: [provider] });
    const feeds = {};
    for (const { name, dataType, dims, data } of inputs) {
      feeds[name] = new ort.Tensor(dataType, ARRAYS[dataType].from(data), dims);
    }
    const results = await session.run(feeds);
    const outputs = {};
    for (const [name, tensor] of Object.entries(results)) outputs[name] = [...(await tensor.getData())];
    await session.release();
    return outputs;
  };

  window.adapter = async () => {
    const { info } = (await navigator.gpu?.requestAdapter()) ?? {};
    return { gpu: info ? info.vendor + ' ' + info.architecture : null, isolated: crossOriginIsolated };
  };
  window.isReady = true;
</script>
`;
