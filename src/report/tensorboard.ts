/** One point of a curve. */
export interface ScalarPoint {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/**
 * Points as TensorBoard reads them: TFRecords, each with an Event message.
 * @param wallTime seconds since 1970 that all events have
 */
export function eventFile(points: readonly ScalarPoint[], wallTime: number): Uint8Array {
  const version = message(doubleField(1, wallTime), textField(3, 'brain.Event:2'));
  const events = points.map(({ tag, step, value }) =>
    message(
      doubleField(1, wallTime),
      varintField(2, step),
      // Event.summary, its only value with tag and simple_value.
      bytesField(5, bytesField(1, message(textField(1, tag), floatField(2, value)))),
    ),
  );
  return message(...[version, ...events].map(tfRecord));
}

/** Length, its checksum, the data, its checksum; little endian. */
function tfRecord(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
  return message(length, maskedCrc(length), data, maskedCrc(data));
}

/** TFRecord does not store the CRC itself, which would be the CRC of data that hold one. */
function maskedCrc(data: Uint8Array): Uint8Array {
  const crc = crc32c(data);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, masked, true);
  return bytes;
}

/** CRC-32C (Castagnoli), as in RFC 3720. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

// Protocol buffers: a field is its number and wire type, then its content.

function varintField(field: number, value: number): Uint8Array {
  return message(varint(field << 3), varint(value));
}

function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return message(varint((field << 3) | 1), bytes);
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return message(varint((field << 3) | 2), varint(bytes.length), bytes);
}

function textField(field: number, text: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(text));
}

function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return message(varint((field << 3) | 5), bytes);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function message(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
