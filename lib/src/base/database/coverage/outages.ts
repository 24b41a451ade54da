import { type Micros, nowMicros, type Span, type StreamSeries } from '../../types/index.ts'

/** The most outages kept of one source; the oldest are deleted. */
const MOST_OUTAGES = 10_000
const LONGEST_REASON = 500

const BEGIN = `with gone as (delete from coverage_outages where source = $2 and id <=
    (select id from coverage_outages where source = $2 order by id desc offset ${MOST_OUTAGES - 1} limit 1))
  insert into coverage_outages (session_id, source, series, reason, started_at)
  values ($1, $2, $3, $4, clock_timestamp() - $5 * interval '1 millisecond') returning id`
const END = `update coverage_outages set ended_at = greatest(started_at, clock_timestamp() - $2 * interval '1 millisecond') where id = $1`

/** Runs a statement; resolves to undefined if the database failed. */
export type Write = (text: string, values: readonly unknown[]) => Promise<readonly { readonly id: string }[] | undefined>

/** One outage. If the database is away, it is written at the next heartbeat, with the time at which it happened. */
class Outage {
  readonly #write: Write
  readonly #values: readonly unknown[]
  readonly #began: number
  #ended: number | undefined
  #id: string | undefined
  #saved = false
  #writing: Promise<void> = Promise.resolve()

  constructor(write: Write, values: readonly unknown[], over?: Span) {
    this.#write = write
    this.#values = values
    this.#began = over ? monotonic(over.from) : performance.now()
    this.#ended = over && monotonic(over.to)
  }

  get saved(): boolean {
    return this.#saved
  }

  end(): Promise<void> {
    this.#ended ??= performance.now()
    return this.save()
  }

  save(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#step())
    return this.#writing
  }

  async #step(): Promise<void> {
    const now = performance.now()
    this.#id ??= (await this.#write(BEGIN, [...this.#values, now - this.#began]))?.[0]?.id
    if (this.#id === undefined || this.#ended === undefined || this.#saved) return
    this.#saved = (await this.#write(END, [this.#id, performance.now() - this.#ended])) !== undefined
  }
}

/** The reading of performance.now() at a past time. */
const monotonic = (time: Micros): number => performance.now() - (nowMicros() - time) / 1000

/** The outages of one session. */
export class Outages {
  readonly #write: Write
  readonly #session: string
  readonly #source: string
  readonly #open = new Set<Outage>()

  constructor(write: Write, session: string, source: string) {
    this.#write = write
    this.#session = session
    this.#source = source
  }

  begin(series: readonly StreamSeries[], reason: string, over?: Span): AsyncDisposable {
    const wire = series.map(({ type, coinId, currency, timeframe }) => ({ type, coin_id: coinId, currency, timeframe }))
    const values = [this.#session, this.#source, JSON.stringify(wire), reason.slice(0, LONGEST_REASON)]
    const outage = new Outage(this.#write, values, over)
    this.#open.add(outage)
    void outage.save()
    return {
      [Symbol.asyncDispose]: async () => {
        await outage.end()
        if (outage.saved) this.#open.delete(outage)
      },
    }
  }

  /** Writes the outages that are not saved yet. */
  async save(): Promise<void> {
    for (const outage of this.#open) {
      await outage.save()
      if (outage.saved) this.#open.delete(outage)
    }
  }
}
