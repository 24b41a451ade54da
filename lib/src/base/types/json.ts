import { QiError } from './errors.ts'

/**
 * A JSON number as it was written. `JSON.parse` would make a float of it and lose digits:
 * `123456789012345.12345678` becomes 123456789012345.12.
 */
export class JsonNumber {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
  toString(): string {
    return this.source
  }
  toJSON(): unknown {
    return rawJson(this.source)
  }
}

export type ExactJson = null | boolean | string | JsonNumber | ExactJson[] | { [key: string]: ExactJson }

// JSON.parse with source text access: in the engine since Node 21, not yet in TypeScript's library.
type Reviver = (key: string, value: unknown, context: { source: string }) => unknown
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON

const keepDigits: Reviver = (_key, value, context) => (typeof value === 'number' ? new JsonNumber(context.source) : value)

/**
 * JSON with every number kept as a {@link JsonNumber}, digit by digit.
 * @throws QiError BAD_DATA naming the position, when the text is not JSON
 */
export function parseExactJson(text: string): ExactJson {
  try {
    return parseWithSource(text, keepDigits) as ExactJson
  } catch (error) {
    throw new QiError('BAD_DATA', `not JSON: ${(error as Error).message}`, { cause: error })
  }
}
