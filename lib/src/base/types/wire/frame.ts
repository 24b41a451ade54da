/**
 * The Confluent wire format, which goes with a schema registry: a zero byte, the schema's id in four bytes (big endian), then the
 * JSON. A reader needs no registry: JSON cannot begin with a zero byte.
 */
export const FRAME_BYTES = 5

const OPEN = 0x7b

/** The frame before the JSON of a message. @param schemaId as the registry gave it, from 0 to 2³² - 1 */
export function frameOf(schemaId: number): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES)
  frame.writeUInt32BE(schemaId, 1)
  return frame
}

/**
 * A value with its frame before it. One that is passed on with a frame keeps it: it names the schema that the value was written with,
 * and a later one may have fields that ours does not allow.
 */
export function framed(frame: Uint8Array, value: string | Uint8Array): Buffer {
  const text = typeof value === 'string'
  if (!text && isFramed(value, 0, value.length)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const bytes = Buffer.allocUnsafe(FRAME_BYTES + (text ? Buffer.byteLength(value) : value.length))
  bytes.set(frame)
  if (text) bytes.write(value, FRAME_BYTES)
  else bytes.set(value, FRAME_BYTES)
  return bytes
}

/** The schema id at the start of a value; undefined if it has no frame. */
export const schemaIdOf = (value: Uint8Array): number | undefined =>
  isFramed(value, 0, value.length) ? new DataView(value.buffer, value.byteOffset).getUint32(1) : undefined

/** True for a framed JSON object; framed values of another format, such as Avro, are left as they are. */
const isFramed = (bytes: Uint8Array, start: number, end: number): boolean =>
  bytes[start] === 0 && start + FRAME_BYTES < end && bytes[start + FRAME_BYTES] === OPEN

/**
 * The spans without the frames: the given ones where no value has a frame, which costs a look at one byte each.
 * @param spans value `i` is `bytes[spans[2i] .. spans[2i + 1])`
 */
export function unframed(bytes: Uint8Array, spans: Int32Array): Int32Array {
  let payloads = spans
  for (let i = 0; i < spans.length; i += 2) {
    const start = spans[i] as number
    if (!isFramed(bytes, start, spans[i + 1] as number)) continue
    if (payloads === spans) payloads = spans.slice()
    payloads[i] = start + FRAME_BYTES
  }
  return payloads
}
