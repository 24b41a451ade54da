import { z } from 'zod'
import type { Decimal } from '../decimal.ts'
import { QiError } from '../errors.ts'
import { wordIssue } from '../issues.ts'
import { type ExactJson, parseExactJson } from '../json.ts'
import { formatTime, type Micros } from '../time.ts'
import { type FieldCodec, fieldCodec } from './codec.ts'
import { type FieldKind, fieldKind } from './fields.ts'

export type Fields = Readonly<Record<string, z.ZodType>>

/** `market_cap` → `marketCap`, `volume_24h` → `volume24h`. */
export type Camel<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S
export const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase())

type OptionalField<F extends Fields> = { [K in keyof F]: undefined extends z.output<F[K]> ? K : never }[keyof F]

/** The record inside TypeScript: camelCase, times in microseconds, decimals as exact text. */
type RecordFrom<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalField<F>> as Camel<K & string>]: z.output<F[K]>
} & { readonly [K in OptionalField<F> as Camel<K & string>]?: z.output<F[K]> }

/** A record as generic code sees it: values by property name. */
export type RecordValues = Readonly<Record<string, string | number | boolean | readonly Decimal[] | undefined>>

/** The TypeScript type of a record type's records. */
export type RecordOf<T> = T extends RecordType<infer R> ? R : never

export interface RecordField {
  /** Its name on the wire and in SQL. */
  readonly name: string
  /** Its name in TypeScript. */
  readonly property: string
  readonly kind: FieldKind
  readonly optional: boolean
}

/**
 * The proof that nothing is missing between two neighbours of a series. `timeframe`: bars follow one another. `cadence`: the source
 * asks at intervals. `sequence`: numbers count up without a gap. `sessions`: records come when something happens, so a silence proves
 * nothing; known is only when the source ran and was connected.
 */
export type SeriesProof = 'timeframe' | 'cadence' | 'sequence' | 'sessions'

/** The series in time that the records of a type make up: coverage, gaps and backfill follow from it. */
export interface SeriesDeclaration {
  /** The columns that name a series, in the order of an index of the table in which `time` or the rest of the key follows. */
  readonly by: readonly string[]
  /** Columns that are the same in all records of a series, beside those that name it. */
  readonly shared?: readonly string[]
  readonly proof: SeriesProof
}

/** A rule of several fields that a record breaks. */
export interface BrokenRule {
  /** The field at fault, by its name on the wire. */
  readonly field: string
  /** The value, what is wrong with it and what is expected. */
  readonly message: string
}

type Rule = (record: RecordValues) => BrokenRule | undefined

export interface RecordDeclaration<F extends Fields> {
  readonly name: string
  readonly summary: string
  readonly topic: string
  /** The table; an instrument is spread over several by the sink and has none of its own. */
  readonly table?: string
  /** The primary key, in the order of its index. */
  readonly key: readonly Extract<keyof F, string>[]
  /** How far its time may lie ahead of the database's clock, in microseconds. */
  readonly ahead: Micros
  /** True if `received_at` orders the records of one moment that have no sequence. */
  readonly ordersByArrival?: boolean
  /** Left out where records are no series in time of their own: instruments are overwritten, indicators are computed from bars. */
  readonly series?: SeriesDeclaration | undefined
  readonly fields: F
  /** A rule of several fields. The fast lane (`database/copy/scan`) must check it too. */
  readonly rule?: (record: RecordFrom<F>) => BrokenRule | undefined
}

/** One record type: the only place where its fields are listed. */
export class RecordType<
  R extends RecordValues = RecordValues,
  S extends SeriesDeclaration | undefined = SeriesDeclaration | undefined,
> {
  readonly name: string
  readonly summary: string
  readonly topic: string
  readonly table: string | undefined
  readonly key: readonly string[]
  /** How far its time may lie ahead of the database's clock, in microseconds. */
  readonly ahead: Micros
  readonly ordersByArrival: boolean
  /** Undefined where its records make up no series in time. */
  readonly series: S
  readonly fields: readonly RecordField[]
  /** The wire form, in zod: for JSON Schema, OpenAPI and tool inputs. */
  readonly schema: z.ZodObject
  readonly #rule: Rule | undefined
  readonly #codecs: readonly (RecordField & FieldCodec & { readonly labels: Labels })[]
  readonly #keyed: boolean
  /** Keys of messages by source and coin: a source has few, and each comes again and again. */
  readonly #messageKeys = new Map<unknown, Map<unknown, string>>()

  constructor(declaration: RecordDeclaration<Fields>) {
    this.name = declaration.name
    this.summary = declaration.summary
    this.topic = declaration.topic
    this.table = declaration.table
    this.key = declaration.key
    this.ahead = declaration.ahead
    this.ordersByArrival = declaration.ordersByArrival ?? false
    this.series = declaration.series as S
    this.#rule = declaration.rule as Rule | undefined
    this.schema = z.object(declaration.fields).describe(declaration.summary)
    this.fields = Object.entries(declaration.fields).map(([name, field]) => ({
      name,
      property: camel(name),
      kind: fieldKind(field),
      optional: field.safeParse(undefined).success,
    }))
    this.#codecs = this.fields.map((field) => {
      const codec = fieldCodec(field.kind, declaration.fields[field.name] as z.ZodType)
      return { ...field, ...codec, labels: labelsOf(field.name, codec) }
    })
    this.#keyed = this.key.includes('coin_id')
  }

  /**
   * The record that a wire object means. Unknown fields are left out.
   * @throws QiError BAD_DATA naming each field at fault, its value and what was expected
   */
  fromWire(wire: unknown): R {
    return this.checkRule(this.#quickFromWire(wire) ?? this.#slowFromWire(wire))
  }

  /**
   * @param original the value that the record was decoded from: fields of it that this version does not know are passed on, behind the
   * others and with all their digits
   */
  toWire(record: R, original?: Uint8Array): Record<string, unknown> {
    const wire: Record<string, unknown> = {}
    for (const { name, property, kind } of this.fields) {
      const value = record[property]
      if (value !== undefined) wire[name] = kind === 'time' ? this.#timeText(name, value as Micros) : value
    }
    const unknown = original === undefined ? [] : this.#unknownFields(original)
    return unknown.length === 0 ? wire : { ...wire, ...Object.fromEntries(unknown) }
  }

  /**
   * Checks a record made inside TypeScript, for instance by a source.
   * @returns it as it will be read: decimals canonical, names without hidden characters
   * @throws QiError BAD_DATA
   */
  check(record: R): R {
    return this.checkRule(this.#accepts(record) ? record : this.#slowFromWire(this.toWire(record)))
  }

  /**
   * Checks the rule of several fields alone, for a record whose fields were checked.
   * @throws QiError BAD_DATA
   */
  checkRule(record: R): R {
    const broken = this.#rule?.(record)
    if (broken === undefined) return record
    throw new QiError('BAD_DATA', `${this.name}: ${broken.field} ${broken.message}`, { field: broken.field })
  }

  /** The value of a message: JSON in UTF-8. Not checked, but for its times. */
  encode(record: R): string {
    return this.#quickEncode(record) ?? JSON.stringify(this.toWire(record))
  }

  /**
   * {@link check} and {@link encode} in one pass.
   * @throws QiError BAD_DATA
   */
  encodeChecked(record: R): string {
    const quick = this.#quickEncode(record)
    if (quick === undefined) return JSON.stringify(this.toWire(this.checkRule(this.#slowFromWire(this.toWire(record)))))
    this.checkRule(record)
    return quick
  }

  /** @throws QiError BAD_DATA */
  decode(value: Uint8Array): R {
    return this.fromWire(this.#parse(value, JSON.parse))
  }

  /**
   * The key of its message, `source:coin_id`, or `source` alone where the primary key has no coin: everything of one primary key
   * stays in one partition.
   */
  messageKey(record: R): string {
    const { source, coinId } = record
    if (!this.#keyed) return String(source)
    let keys = this.#messageKeys.get(source)
    if (!keys || keys.size >= MOST_KEYS) {
      if (this.#messageKeys.size >= MOST_SOURCES) this.#messageKeys.clear()
      keys = new Map()
      this.#messageKeys.set(source, keys)
    }
    let key = keys.get(coinId)
    if (key === undefined) {
      key = `${source}:${coinId}`
      keys.set(coinId, key)
    }
    return key
  }

  #parse<T>(value: Uint8Array, parse: (text: string) => T): T {
    try {
      return parse(utf8.decode(value))
    } catch (error) {
      throw new QiError('BAD_DATA', `${this.name}: not JSON in UTF-8: ${(error as Error).message}`, { cause: error })
    }
  }

  #unknownFields(value: Uint8Array): readonly [name: string, value: ExactJson][] {
    const isUnknown = (name: string) => !Object.hasOwn(this.schema.shape, name)
    if (!Object.keys(this.#parse<object>(value, JSON.parse)).some(isUnknown)) return []
    return Object.entries(this.#parse(value, parseExactJson) as object).filter(([name]) => isUnknown(name))
  }

  #quickEncode(record: R): string | undefined {
    let json = ''
    let before = BEGINNING
    for (const { property, labels, optional, quoted, encode } of this.#codecs) {
      const value = record[property]
      if (value === undefined) {
        if (optional) continue
        return undefined
      }
      const text = encode(value)
      if (text === undefined) return undefined
      json += labels[before] + text
      before = quoted ? AFTER_TEXT : AFTER_OTHER
    }
    return json + (before === AFTER_TEXT ? '"}' : '}')
  }

  #accepts(record: R): boolean {
    for (const { property, optional, accepts } of this.#codecs) {
      const value = record[property]
      if (value === undefined ? !optional : !accepts(value)) return false
    }
    return true
  }

  #quickFromWire(wire: unknown): R | undefined {
    if (wire === null || typeof wire !== 'object') return undefined
    const record: Record<string, unknown> = {}
    for (const { name, property, optional, decode } of this.#codecs) {
      const given = (wire as Record<string, unknown>)[name]
      if (given === undefined || given === null) {
        if (optional) continue
        return undefined
      }
      const value = decode(given)
      if (value === undefined) return undefined
      record[property] = value
    }
    return record as R
  }

  #slowFromWire(wire: unknown): R {
    const result = this.schema.safeParse(wire)
    if (!result.success) throw badRecord(this.name, wire, result.error)
    const values = result.data as Record<string, unknown>
    const record: Record<string, unknown> = {}
    for (const { name, property } of this.fields) if (values[name] !== undefined) record[property] = values[name]
    return record as R
  }

  #timeText(name: string, value: Micros): string {
    try {
      return formatTime(value)
    } catch (error) {
      throw new QiError('BAD_DATA', `${this.name}: ${name}: ${(error as Error).message}`, { field: name, cause: error })
    }
  }
}

/** Most remembered keys of a source, and most sources. */
const MOST_KEYS = 10_000
const MOST_SOURCES = 100

/** The name of a field in JSON with the quotes of its text and of the one before it: at the beginning, after a text, after another value. */
type Labels = readonly [beginning: string, afterText: string, afterOther: string]
const BEGINNING = 0
const AFTER_TEXT = 1
const AFTER_OTHER = 2

function labelsOf(name: string, { quoted }: FieldCodec): Labels {
  const label = `${JSON.stringify(name)}:${quoted ? '"' : ''}`
  return [`{${label}`, `",${label}`, `,${label}`]
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

export const defineRecord = <const F extends Fields, const S extends SeriesDeclaration | undefined = undefined>(
  declaration: RecordDeclaration<F> & { readonly series?: S },
): RecordType<RecordFrom<F> & RecordValues, S> => new RecordType(declaration as unknown as RecordDeclaration<Fields>)

function badRecord(name: string, wire: unknown, error: z.ZodError): QiError {
  const parts = error.issues.map((issue) => {
    const path = issue.path.join('.')
    const value = issue.path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], wire)
    return path ? `${path} ${show(value)}: ${wordIssue(issue, true)}` : wordIssue(issue)
  })
  return new QiError('BAD_DATA', `${name}: ${parts.join('; ')}`, { field: error.issues[0]?.path.join('.') ?? '' })
}

function show(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
