import {
  type Calendar,
  closingTime,
  formatTime,
  type Micros,
  nowMicros,
  openTime,
  type Span,
  subtract,
  type Timeframe,
} from '../../../types/index.ts'
import { type RowReader, readInteger, readTime } from '../../reading/RowReader.ts'
import { EVENTS, type EventKind, events, type WantedEvents } from '../../rollups/events.ts'
import type { Material, StoredSeries } from '../series.ts'
import { type Bucket, labelOf, openOfLabel, timeframeOf } from './bucket.ts'
import { bucketRows } from './bucketRows.ts'
import { type BuiltCandle, WHOLE } from './completeness.ts'
import { coveredHours } from './coveredHours.ts'
import { heldBuckets } from './heldTime.ts'
import { joined, type Part, partOfBars, partOfEvents, partOfOwnBar } from './parts.ts'
import { ownBars, runsWithin, tableOf } from './statements.ts'

const MINUTE = 60_000_000
/** A silence longer than this share of a bucket (and than a minute) is not covered. */
const SILENCE = 1 / 10

/** Builds the buckets that open at these times; buckets that hold nothing are left out. */
export async function build(
  reader: RowReader,
  series: StoredSeries,
  bucket: Bucket,
  opens: readonly Micros[],
  materials: readonly Material[],
): Promise<BuiltCandle[]> {
  return new CandleBuilder(reader, series, bucket, materials, await reader.calendarOf(series)).build(opens)
}

const isEvents = (material: Material): material is EventKind => (EVENTS as readonly Material[]).includes(material)

/** The material that was found for one bucket. */
interface Found {
  readonly open: Micros
  own?: Part
  flawed?: BuiltCandle
  /** The bars of each finer timeframe, the coarsest first. */
  readonly bars: Part[]
  events?: Part
}

/** The longest silence that still counts as covered, in a bucket with this much open time. */
const silenceOf = (length: Micros): Micros => Math.max(MINUTE, Math.floor(length * SILENCE))

/**
 * Builds candles in steps: the stored bar of the bucket, bars of each finer timeframe, then trades and prices. A bucket that one
 * material covers completely is made of it alone; any other is tiled: each material covers the spans that the ones before it left.
 */
class CandleBuilder {
  readonly #reader: RowReader
  readonly #series: StoredSeries
  readonly #bucket: Bucket
  readonly #own: Timeframe | undefined
  readonly #finer: readonly Timeframe[]
  readonly #kinds: readonly EventKind[]
  readonly #calendar: Calendar
  readonly #now = nowMicros()

  constructor(reader: RowReader, series: StoredSeries, bucket: Bucket, materials: readonly Material[], calendar: Calendar) {
    this.#calendar = calendar
    this.#reader = reader
    this.#series = series
    this.#bucket = bucket
    const bars = materials.filter((material): material is Timeframe => !isEvents(material))
    this.#own = bars.find((bar) => bar === timeframeOf(bucket))
    this.#finer = bars.filter((bar) => bar !== this.#own)
    this.#kinds = materials.filter(isEvents)
  }

  async build(opens: readonly Micros[]): Promise<BuiltCandle[]> {
    const found = new Map<Micros, Found>(opens.map((open) => [open, { open, bars: [] }]))
    await this.#findOwn(found)
    for (const timeframe of this.#finer) await this.#findBars(found, timeframe)
    const all = [...found.values()]
    const parts = await this.#events(all.map(({ open }) => this.#span(open)))
    all.forEach((one, i) => {
      const part = parts[i]
      if (part) one.events = part
    })
    const mixed = all.filter((one) => !one.flawed && !this.#simple(one) && (one.own ?? one.bars[0]))
    const tiled = await this.#tile(mixed)
    const chosen = all.map((one) => (one.flawed ? [] : (tiled.get(one.open) ?? this.#simple(one) ?? [])))
    const hours = await this.#hours(all, chosen)
    const candles = all.flatMap((one, i) => {
      if (one.flawed) return [one.flawed]
      const parts = chosen[i] as readonly Part[]
      return parts.length > 0 ? [this.#candle(one, joined(parts, besides(one)), hours?.[i])] : []
    })
    return this.#held(candles)
  }

  /** The candles; those whose time is over and held by coverage are whole, however few bars or trades they hold. */
  async #held(candles: readonly BuiltCandle[]): Promise<BuiltCandle[]> {
    const doubtful = candles.filter(({ partial, isFinal }) => partial && isFinal)
    const proven = [...this.#finer, ...(this.#own ? [this.#own] : []), ...this.#kinds.filter((kind) => kind === 'trades')]
    if (doubtful.length === 0 || proven.length === 0) return [...candles]
    const spans = doubtful.map(({ time }) => this.#span(openOfLabel(time, this.#bucket)))
    const held = await heldBuckets(this.#reader, this.#series, this.#calendar, proven, spans)
    const whole = new Set(doubtful.filter((_, i) => held[i]))
    return candles.map((candle) => (whole.has(candle) ? { ...candle, ...WHOLE } : candle))
  }

  /** The covered open hours of each bucket; undefined if the market never closes. */
  async #hours(all: readonly Found[], chosen: readonly (readonly Part[])[]): Promise<readonly Micros[] | undefined> {
    if (this.#calendar.always) return undefined
    const buckets = all.map(({ open }, i) => ({
      parts: chosen[i] as readonly Part[],
      silence: silenceOf(openTime(this.#calendar, open, open + this.#bucket.length)),
    }))
    return coveredHours(this.#reader, this.#calendar, buckets, this.#wanted())
  }

  #span(open: Micros): Span {
    return { from: open, to: open + this.#bucket.length }
  }

  /** The buckets that open no later than the newest row of the material. */
  #upTo(found: ReadonlyMap<Micros, Found>, material: Material): Micros[] {
    const latest = this.#series.parts.find(({ kind }) => kind === material)?.latest ?? Number.NEGATIVE_INFINITY
    return [...found.keys()].filter((open) => open <= latest)
  }

  async #findOwn(found: ReadonlyMap<Micros, Found>): Promise<void> {
    if (!this.#own) return
    const opens = this.#upTo(found, this.#own).map((open) => labelOf(open, this.#bucket))
    if (opens.length === 0) return
    for (const row of await this.#reader.rows(ownBars(this.#series, this.#own, opens, !this.#calendar.always))) {
      const one = found.get(openOfLabel(readTime(row.time as string), this.#bucket)) as Found
      const own = this.#own
      const part = this.#readable(own, one.open, () => partOfOwnBar(row, own, this.#span(one.open)))
      if (!part) continue
      if (row.sound === 't') one.own = part
      else one.flawed = { ...this.#candle(one, part), isFinal: row.closed === 't', ...WHOLE, flaw: row.flaw as string }
    }
  }

  async #findBars(found: ReadonlyMap<Micros, Found>, timeframe: Timeframe): Promise<void> {
    const opens = this.#upTo(found, timeframe)
    if (opens.length === 0) return
    for (const row of await bucketRows(this.#reader, this.#series, this.#bucket, timeframe, opens, !this.#calendar.always)) {
      const one = found.get(readTime(row.bucket as string)) as Found
      const part = this.#readable(timeframe, one.open, () => partOfBars(row, timeframe, this.#span(one.open)))
      if (!part) continue
      // How much of an open bar is covered is not known here.
      one.bars.push(row.is_final === 't' ? part : { ...part, covered: 0 })
    }
  }

  #wanted(): Omit<WantedEvents, 'spans'> {
    const { coinId, source, currency } = this.#series
    return { coinId, source, currency, kinds: this.#kinds, silence: silenceOf(this.#bucket.length), now: this.#now }
  }

  /** The part of each span that trades and prices give. */
  async #events(spans: readonly Span[]): Promise<readonly (Part | undefined)[]> {
    if (this.#kinds.length === 0 || spans.length === 0) return []
    const parts: (Part | undefined)[] = spans.map(() => undefined)
    for (const row of await this.#reader.rows(events({ ...this.#wanted(), spans }))) {
      const i = readInteger(row.n as string) - 1
      const span = spans[i] as Span
      parts[i] = this.#readable(row.built_from as Material, span.from, () => partOfEvents(row, span, this.#now))
    }
    return parts
  }

  /** The part; undefined if one of its rows cannot be read: the bucket is then built without it. */
  #readable(material: Material, from: Micros, read: () => Part): Part | undefined {
    const { coinId, source, currency } = this.#series
    const where = () => ({
      table: tableOf(material),
      key: { coin_id: coinId, source, currency, kind: material, since: formatTime(from) },
    })
    return this.#reader.unreadable.attempt(where, read)
  }

  /** The parts of a bucket that one material covers completely, or that has only trades and prices. */
  #simple({ own, bars, events }: Found): readonly Part[] | undefined {
    const whole = [...(own ? [own] : []), ...bars].find(({ covered }) => covered === this.#bucket.length)
    if (whole) return [whole]
    return own || bars.length > 0 ? undefined : events && [events]
  }

  /** The parts of buckets that no material covers completely: each material covers what those before it left. */
  async #tile(mixed: readonly Found[]): Promise<Map<Micros, Part[]>> {
    const tiles = new Map<Micros, Part[]>(mixed.map(({ open, own }) => [open, own && own.covered > 0 ? [own] : []]))
    const rest = () =>
      mixed.flatMap(({ open }) => subtract([this.#span(open)], tiles.get(open) as Part[]).map((span) => ({ open, span })))
    for (const timeframe of this.#finer) {
      const spans = rest()
      if (spans.length === 0) break
      const runs = runsWithin(
        this.#series,
        timeframe,
        spans.map(({ span }) => span),
        !this.#calendar.always,
      )
      for (const row of await this.#reader.rows(runs)) {
        const { open } = spans[readInteger(row.n as string) - 1] as { open: Micros }
        const run = { from: readTime(row.since as string), to: readTime(row.until as string) }
        if (run.to <= run.from) continue
        const part = this.#readable(timeframe, run.from, () => partOfBars(row, timeframe, run))
        if (part) (tiles.get(open) as Part[]).push(part)
      }
      // Bars that retention has dropped still exist as rollups.
      for (const { open, bars } of mixed) {
        const rolled = bars.find((part) => part.timeframe === timeframe)
        const parts = tiles.get(open) as Part[]
        if (rolled && parts.length === 0) parts.push(rolled)
      }
    }
    const spans = rest()
    const parts = await this.#events(spans.map(({ span }) => span))
    spans.forEach(({ open }, i) => {
      const part = parts[i]
      if (part) (tiles.get(open) as Part[]).push(part)
    })
    return tiles
  }

  #candle({ open }: Pick<Found, 'open'>, part: Part, hours: Micros = part.covered): BuiltCandle {
    const { coinId, source, currency } = this.#series
    const end = open + this.#bucket.length
    const whole = openTime(this.#calendar, open, end)
    const covered = whole === 0 ? 1 : hours / whole
    return {
      coinId,
      source,
      time: labelOf(open, this.#bucket),
      receivedAt: part.receivedAt,
      origin: part.simulated ? 'simulated' : part.origin,
      currency,
      open: part.open,
      high: part.high,
      low: part.low,
      close: part.close,
      ...(part.volume !== undefined && { volume: part.volume }),
      ...(part.tradeCount !== undefined && { tradeCount: part.tradeCount }),
      // Final once its time is over, even if a part of it is missing for good.
      isFinal: closingTime(this.#calendar, { from: open, to: end }) <= this.#now,
      builtFrom: part.builtFrom,
      ...(part.timeframe && (part.timeframe !== this.#own || part.pieces > 1) && { fromTimeframe: part.timeframe }),
      pieces: part.pieces,
      covered,
      partial: covered < 1,
    }
  }
}

const besides = ({ own, bars, events }: Found): readonly Part[] => [...(own ? [own] : []), ...bars, ...(events ? [events] : [])]
