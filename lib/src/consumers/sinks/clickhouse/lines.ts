import type { RecordFields } from '../../../base/database/index.ts'
import { type EncodedBatch, formatTime, type Micros, QiError, type RecordType } from '../../../base/types/index.ts'
import { exactOf, FRACTION_DIGITS, WHOLE_DIGITS } from './shape.ts'

/** 1900-01-01, before which a DateTime64 would become another time. Its latest time is later than ours. */
const EARLIEST: Micros = -2_208_988_800_000_000

const NEWLINE = 10

/** Converts records to lines of JSON that ClickHouse reads without loss: the bytes as they were streamed, where possible. */
export class LineMaker {
  readonly #type: RecordType
  readonly #fields: RecordFields
  readonly #times: readonly number[]
  readonly #decimals: readonly { readonly place: number; readonly name: string }[]
  readonly #lists: readonly { readonly place: number; readonly name: string }[]

  constructor(type: RecordType, fields: RecordFields) {
    this.#type = type
    this.#fields = fields
    const of = (kind: string) => type.fields.filter((field) => field.kind === kind).map(({ name }) => name)
    this.#times = of('time').map((name) => fields.place(name))
    const placed = (name: string) => ({ name, place: fields.place(name) })
    this.#decimals = of('decimal').map(placed)
    this.#lists = of('decimals').map(placed)
  }

  /**
   * The line of a record.
   * @returns `exact`: true where decimals that do not fit are in the text columns
   * @throws QiError BAD_DATA
   */
  line(batch: EncodedBatch, at: number): { readonly bytes: Uint8Array; readonly exact: boolean } {
    const fields = this.#fields
    fields.read(batch, at)
    for (const place of this.#times) this.#checkTime(place)
    let fits = true
    for (const { place } of this.#decimals) fits &&= fields.fits(place, WHOLE_DIGITS, FRACTION_DIGITS)
    for (const { place } of this.#lists) fits &&= fields.listFits(place, WHOLE_DIGITS, FRACTION_DIGITS)
    const { decoded } = fields
    if (fits) return { bytes: decoded ? Buffer.from(this.#type.encode(decoded)) : batch.value(at), exact: false }
    const wire = this.#type.toWire(decoded ?? this.#type.decode(batch.value(at)))
    for (const { place, name } of this.#decimals)
      if (!fields.fits(place, WHOLE_DIGITS, FRACTION_DIGITS)) {
        wire[exactOf(name)] = wire[name]
        wire[name] = null
      }
    for (const { place, name } of this.#lists)
      if (!fields.listFits(place, WHOLE_DIGITS, FRACTION_DIGITS)) {
        wire[exactOf(name)] = wire[name]
        wire[name] = []
      }
    return { bytes: Buffer.from(JSON.stringify(wire)), exact: true }
  }

  #checkTime(place: number): void {
    const time = this.#fields.time(place)
    if (time >= EARLIEST) return
    const { name } = this.#type.fields[place] as { readonly name: string }
    throw new QiError(
      'BAD_DATA',
      `${this.#type.name}: ${name} ${formatTime(time)} is before 1900, which ClickHouse cannot store`,
      {
        field: name,
      },
    )
  }
}

/** The lines as one body. */
export function bodyOf(lines: readonly Uint8Array[]): Buffer {
  const size = lines.reduce((sum, { length }) => sum + length + 1, 0)
  const body = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (const line of lines) {
    body.set(line, at)
    at += line.length
    body[at++] = NEWLINE
  }
  return body
}
