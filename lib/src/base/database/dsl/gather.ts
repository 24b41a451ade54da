import {
  type Calendar,
  closingTime,
  formatTime,
  type Micros,
  nowMicros,
  type Ohlcv,
  openTime,
  type Timeframe,
} from '../../types/index.ts'
import { type Reader, readInteger, readTime } from '../reader.ts'
import { EVENTS, type EventKind, events, type WantedEvents } from '../rollups/events.ts'
import { type Material, ownBars, type Range, runsWithin, type Stretch, tableOf } from './bars.ts'
import { type Bucket, finerTimeframes, openOf, timeframeOf } from './bucket.ts'
import { bucketRows, opensHolding } from './bucketRows.ts'
import type { HeldSeries } from './held.ts'
import { coveredHours } from './openHours.ts'
import { joined, type Part, partOfBars, partOfEvents, partOfOwnBar, without } from './parts.ts'

/** The fields of a candle but for its length, which may be none of the timeframes. */
type Figures = { readonly [K in keyof Ohlcv as string extends K ? never : K extends 'timeframe' ? never : K]: Ohlcv[K] }

/** How much of its time a candle knows. */
export interface Completeness {
  /**
   * The share of the candle's time that is covered, 0 to 1: by bars, or by trades and prices without a silence longer than a tenth of
   * the candle (at least a minute). The time of an open candle that is still to come is not covered. Only the hours in which its market
   * is open count.
   */
  readonly covered: number
  /** Whether any of it is not. */
  readonly partial: boolean
  /** Why the stored bar cannot be right, such as "high below low". Nothing is built from such a bar. */
  readonly flaw?: string
}

/** A candle of any length, and what it was made of. */
export interface Gathered extends Figures, Completeness {
  /** The length of the bars it was rolled up from; the longest, where there are several. */
  readonly fromTimeframe?: Timeframe
  /** How many bars, trades or prices it was made of; 1 for a stored bar. */
  readonly pieces: number
}

/** The completeness of a closed bar as its source gave it. */
export const WHOLE: Completeness = { covered: 1, partial: false }

/** So many buckets are asked for one by one; of more it is first found out which of them hold anything. */
const ENUMERATED = 500
const MINUTE = 60_000_000
/** A silence of this share of a bucket, and of a minute at least, is not covered. */
const SILENCE = 1 / 10

/**
 * Builds the buckets of a range that no closed, sound bar of their own length fills. Each part of a bucket is made of the best there is for
 * it: of bars (the coarser first), else of trades, else of prices.
 * @param stored when the bars open that are served as they are stored, in their order
 */
export async function fill(
  reader: Reader,
  held: HeldSeries,
  bucket: Bucket,
  range: Range,
  stored: readonly Micros[],
  materials: readonly Material[] = materialsOf(held, bucket),
): Promise<Gathered[]> {
  const opens = await missing(reader, held, bucket, range, stored, materials)
  return opens.length === 0 ? [] : build(reader, held, bucket, opens, materials)
}

/** The buckets that open at these times, of what is held; those that hold nothing are left out. */
export async function build(
  reader: Reader,
  held: HeldSeries,
  bucket: Bucket,
  opens: readonly Micros[],
  materials: readonly Material[],
): Promise<Gathered[]> {
  return new Building(reader, held, bucket, materials, await reader.calendarOf(held)).build(opens)
}

/** What is held of a series that a bucket can be made of, the best first. */
export function materialsOf(held: HeldSeries, bucket: Bucket): readonly Material[] {
  const own = timeframeOf(bucket)
  const order: readonly Material[] = [...(own ? [own] : []), ...finerTimeframes(bucket), ...EVENTS]
  return order.filter((material) => held.parts.some(({ kind }) => kind === material))
}

const isEvents = (material: Material): material is EventKind => (EVENTS as readonly Material[]).includes(material)

/** The material that is held of one bucket. */
interface Found {
  readonly open: Micros
  own?: Part
  flawed?: Gathered
  /** The bars of each finer timeframe, the coarsest first. */
  readonly bars: Part[]
  events?: Part
}

/** The longest silence that is covered in a bucket that is open for so long. */
const silenceOf = (length: Micros): Micros => Math.max(MINUTE, Math.floor(length * SILENCE))

class Building {
  readonly #reader: Reader
  readonly #held: HeldSeries
  readonly #bucket: Bucket
  readonly #own: Timeframe | undefined
  readonly #finer: readonly Timeframe[]
  readonly #kinds: readonly EventKind[]
  readonly #calendar: Calendar
  readonly #now = nowMicros()

  constructor(reader: Reader, held: HeldSeries, bucket: Bucket, materials: readonly Material[], calendar: Calendar) {
    this.#calendar = calendar
    this.#reader = reader
    this.#held = held
    this.#bucket = bucket
    const bars = materials.filter((material): material is Timeframe => !isEvents(material))
    this.#own = bars.find((bar) => bar === timeframeOf(bucket))
    this.#finer = bars.filter((bar) => bar !== this.#own)
    this.#kinds = materials.filter(isEvents)
  }

  async build(opens: readonly Micros[]): Promise<Gathered[]> {
    const found = new Map<Micros, Found>(opens.map((open) => [open, { open, bars: [] }]))
    await this.#findOwn(found)
    for (const timeframe of this.#finer) await this.#findBars(found, timeframe)
    const all = [...found.values()]
    const parts = await this.#events(all.map(({ open }) => this.#stretch(open)))
    all.forEach((one, i) => {
      const part = parts[i]
      if (part) one.events = part
    })
    const mixed = all.filter((one) => !one.flawed && !this.#simple(one) && (one.own ?? one.bars[0]))
    const tiled = await this.#tile(mixed)
    const chosen = all.map((one) => (one.flawed ? [] : (tiled.get(one.open) ?? this.#simple(one) ?? [])))
    const hours = await this.#hours(all, chosen)
    return all.flatMap((one, i) => {
      if (one.flawed) return [one.flawed]
      const parts = chosen[i] as readonly Part[]
      return parts.length > 0 ? [this.#candle(one, joined(parts, besides(one)), hours?.[i])] : []
    })
  }

  /** How much of the open hours is covered, where the market closes at times. */
  async #hours(all: readonly Found[], chosen: readonly (readonly Part[])[]): Promise<readonly Micros[] | undefined> {
    if (this.#calendar.always) return undefined
    const buckets = all.map(({ open }, i) => ({
      parts: chosen[i] as readonly Part[],
      silence: silenceOf(openTime(this.#calendar, open, open + this.#bucket.length)),
    }))
    return coveredHours(this.#reader, this.#calendar, buckets, this.#wanted())
  }

  #stretch(open: Micros): Stretch {
    return { from: open, to: open + this.#bucket.length }
  }

  /** Buckets that may hold the material, by its newest row. */
  #upTo(found: ReadonlyMap<Micros, Found>, material: Material): Micros[] {
    const latest = this.#held.parts.find(({ kind }) => kind === material)?.latest ?? Number.NEGATIVE_INFINITY
    return [...found.keys()].filter((open) => open <= latest)
  }

  async #findOwn(found: ReadonlyMap<Micros, Found>): Promise<void> {
    if (!this.#own) return
    const opens = this.#upTo(found, this.#own)
    if (opens.length === 0) return
    for (const row of await this.#reader.rows(ownBars(this.#held, this.#own, opens, !this.#calendar.always))) {
      const one = found.get(readTime(row.time as string)) as Found
      const own = this.#own
      const part = this.#readable(own, one.open, () => partOfOwnBar(row, own, this.#stretch(one.open)))
      if (!part) continue
      if (row.flaw == null) one.own = part
      else one.flawed = { ...this.#candle(one, part), isFinal: row.closed === 't', ...WHOLE, flaw: row.flaw }
    }
  }

  async #findBars(found: ReadonlyMap<Micros, Found>, timeframe: Timeframe): Promise<void> {
    const opens = this.#upTo(found, timeframe)
    if (opens.length === 0) return
    for (const row of await bucketRows(this.#reader, this.#held, this.#bucket, timeframe, opens, !this.#calendar.always)) {
      const one = found.get(readTime(row.bucket as string)) as Found
      const part = this.#readable(timeframe, one.open, () => partOfBars(row, timeframe, this.#stretch(one.open)))
      if (!part) continue
      // Of open bars it is not known here how much of them is covered.
      one.bars.push(row.is_final === 't' ? part : { ...part, covered: 0 })
    }
  }

  #wanted(): Omit<WantedEvents, 'spans'> {
    const { coinId, source, currency } = this.#held
    return { coinId, source, currency, kinds: this.#kinds, silence: silenceOf(this.#bucket.length), now: this.#now }
  }

  /** The part of each stretch that trades and prices give. */
  async #events(spans: readonly Stretch[]): Promise<readonly (Part | undefined)[]> {
    if (this.#kinds.length === 0 || spans.length === 0) return []
    const parts: (Part | undefined)[] = spans.map(() => undefined)
    for (const row of await this.#reader.rows(events({ ...this.#wanted(), spans }))) {
      const i = readInteger(row.n as string) - 1
      const span = spans[i] as Stretch
      parts[i] = this.#readable(row.built_from as Material, span.from, () => partOfEvents(row, span, this.#now))
    }
    return parts
  }

  /** A part, unless a row of it cannot be read: then the rest of the bucket is built without it. */
  #readable(material: Material, from: Micros, read: () => Part): Part | undefined {
    const { coinId, source, currency } = this.#held
    const where = () => ({
      table: tableOf(material),
      key: { coin_id: coinId, source, currency, kind: material, since: formatTime(from) },
    })
    return this.#reader.unreadable.attempt(where, read)
  }

  /** The parts of a bucket that one material gives whole, or of which nothing but trades and prices is held. */
  #simple({ own, bars, events }: Found): readonly Part[] | undefined {
    const whole = [...(own ? [own] : []), ...bars].find(({ covered }) => covered === this.#bucket.length)
    if (whole) return [whole]
    return own || bars.length > 0 ? undefined : events && [events]
  }

  /** The parts of buckets that no material gives whole: of each material what those before it leave. */
  async #tile(mixed: readonly Found[]): Promise<Map<Micros, Part[]>> {
    const tiles = new Map<Micros, Part[]>(mixed.map(({ open, own }) => [open, own && own.covered > 0 ? [own] : []]))
    const rest = () =>
      mixed.flatMap(({ open }) => without([this.#stretch(open)], tiles.get(open) as Part[]).map((span) => ({ open, span })))
    for (const timeframe of this.#finer) {
      const spans = rest()
      if (spans.length === 0) break
      const runs = runsWithin(
        this.#held,
        timeframe,
        spans.map(({ span }) => span),
        !this.#calendar.always,
      )
      for (const row of await this.#reader.rows(runs)) {
        const { open } = spans[readInteger(row.n as string) - 1] as { open: Micros }
        const stretch = { from: readTime(row.since as string), to: readTime(row.until as string) }
        if (stretch.to <= stretch.from) continue
        const part = this.#readable(timeframe, stretch.from, () => partOfBars(row, timeframe, stretch))
        if (part) (tiles.get(open) as Part[]).push(part)
      }
      // Bars that retention has dropped are still rolled up.
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

  #candle({ open }: Pick<Found, 'open'>, part: Part, hours: Micros = part.covered): Gathered {
    const { coinId, source, currency } = this.#held
    const end = open + this.#bucket.length
    const whole = openTime(this.#calendar, open, end)
    const covered = whole === 0 ? 1 : hours / whole
    return {
      coinId,
      source,
      time: open,
      receivedAt: part.receivedAt,
      origin: part.simulated ? 'simulated' : part.origin,
      currency,
      open: part.open,
      high: part.high,
      low: part.low,
      close: part.close,
      ...(part.volume !== undefined && { volume: part.volume }),
      ...(part.tradeCount !== undefined && { tradeCount: part.tradeCount }),
      // Its time is over: whatever is missing for good does not keep it open.
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

/** The opens of buckets that may hold something and have no stored bar. */
async function missing(
  reader: Reader,
  held: HeldSeries,
  bucket: Bucket,
  range: Range,
  stored: readonly Micros[],
  materials: readonly Material[],
): Promise<readonly Micros[]> {
  const latest = Math.max(...held.parts.filter(({ kind }) => materials.includes(kind)).map((part) => part.latest))
  if (latest === Number.NEGATIVE_INFINITY) return []
  // From the first bucket that opens in the range, or the oldest stored one where those are as many as may be, to the newest
  // that holds anything.
  const oldest = stored.length >= range.limit ? stored[0] : range.from
  const last = openOf(Math.min(latest, range.to - 1), bucket)
  const first = oldest === undefined ? undefined : openOf(oldest - 1, bucket) + bucket.length
  if (first !== undefined && last < first + stored.length * bucket.length && isDense(stored, bucket, first)) return []
  const known = new Set(stored)
  if (first !== undefined && (last - first) / bucket.length < ENUMERATED + stored.length) {
    const opens: Micros[] = []
    for (let open = last; open >= first && opens.length < ENUMERATED; open -= bucket.length)
      if (!known.has(open)) opens.push(open)
    if (opens.length < ENUMERATED) return opens
  }
  const walks = await Promise.all(materials.map((material) => opensHolding(reader, held, bucket, material, range)))
  const opens = walks.flat()
  // A bucket that opens before `from` is not asked for, even if it holds later rows.
  const inRange = new Set([...opens.filter((open) => open >= (range.from ?? open)), ...stored])
  return [...inRange]
    .sort((a, b) => b - a)
    .slice(0, range.limit)
    .filter((open) => !known.has(open))
}

/** Whether buckets follow one another from the first on without a hole. */
const isDense = (opens: readonly Micros[], { length }: Bucket, first: Micros): boolean =>
  opens[0] === first && (opens.at(-1) as Micros) - first === (opens.length - 1) * length
