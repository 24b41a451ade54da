import { StatusError } from '../errors.ts'

/** Longest body, in bytes: a thousand records with room to spare. */
export const MOST_BODY_BYTES = 4 * 1024 * 1024
/** Deepest nesting of a body. */
const MOST_DEPTH = 32

// JSON.parse with source text access: in the engine since Node 21, not yet in TypeScript's library.
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { source: string }) => unknown,
) => unknown

/**
 * The JSON object in the body of a request; {} without a body. Only JSON is accepted, because a page of another site can send a form or plain
 * text without a CORS preflight.
 * @throws StatusError 415, 413, 400
 */
export async function readJsonObject(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const type = request.headers.get('content-type')
  if (!/^application\/json\s*(;|$)/i.test(type ?? ''))
    throw new StatusError(
      415,
      'BAD_REQUEST',
      `content-type "${(type ?? '').slice(0, 60)}": arguments come as JSON; send "content-type: application/json"`,
      { field: 'content-type' },
    )
  const text = await readText(request)
  if (text.trim() === '') return {}
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('the body is no JSON object: send the arguments by name, such as {"coins": ["bitcoin"]}')
  return value as Record<string, unknown>
}

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MOST_BODY_BYTES)
      throw new StatusError(413, 'BAD_REQUEST', `the body is longer than ${MOST_BODY_BYTES} bytes: send it in parts`, {
        field: 'body',
      })
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw malformed('the body is no UTF-8: send it in that encoding')
  }
}

function parse(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw malformed(`the body is no JSON (${(error as Error).message.slice(0, 100)}): send the arguments as a JSON object`)
  }
  checkDepth(value)
  // Only a number with 17 characters, or an exponent, can lose digits as a double.
  return /[\d.]{17}|\d[eE]/.test(text) ? parseWithSource(text, refuseLoss) : value
}

/** Checks the depth level by level, because recursion would overflow the stack. */
function checkDepth(value: unknown): void {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_DEPTH) throw malformed(`the body is nested deeper than ${MOST_DEPTH} levels: no tool takes that`)
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
}

function refuseLoss(key: string, value: unknown, { source }: { readonly source: string }): unknown {
  if (typeof value !== 'number' || digitsOf(String(value)) === digitsOf(source)) return value
  const name = key.slice(0, 60) || 'body'
  throw malformed(`${name}: the number ${source.slice(0, 60)} would be rounded; send it as text, in quotation marks`, name)
}

/** Digits and power of ten of a number in any notation: `0.10` and `1e-1` give the same. */
function digitsOf(text: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  const power = Number(exponent) - fraction.length + digits.length - significant.length
  return significant === '' ? '0' : `${significant}e${power}`
}

const malformed = (message: string, field = 'body'): StatusError =>
  new StatusError(400, 'BAD_REQUEST', message, { field: field.slice(0, 60) })
