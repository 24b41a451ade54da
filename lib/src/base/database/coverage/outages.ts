import type { StreamSeries } from '../../types/index.ts'

/** Outages kept of one source; the oldest are forgotten. */
const MOST_OUTAGES = 10_000
const LONGEST_REASON = 500

const BEGIN = `with gone as (delete from coverage_outages where source = $2 and id <=
    (select id from coverage_outages where source = $2 order by id desc offset ${MOST_OUTAGES - 1} limit 1))
  insert into coverage_outages (session_id, source, series, reason, started_at)
  values ($1, $2, $3, $4, clock_timestamp() - $5 * interval '1 millisecond') returning id`
const END = `update coverage_outages set ended_at = greatest(started_at, clock_timestamp() - $2 * interval '1 millisecond') where id = $1`

/** Runs a statement; undefined if the database did not take it. */
export type Tell = (text: string, values: readonly unknown[]) => Promise<readonly { readonly id: string }[] | undefined>

/** One outage: what the database does not take at once is told at the next heartbeat, with the time at which it happened. */
class Outage {
  readonly #tell: Tell
  readonly #values: readonly unknown[]
  readonly #began = performance.now()
  #ended: number | undefined
  #id: string | undefined
  #told = false
  #telling: Promise<void> = Promise.resolve()

  constructor(tell: Tell, values: readonly unknown[]) {
    this.#tell = tell
    this.#values = values
  }

  get told(): boolean {
    return this.#told
  }

  end(): Promise<void> {
    this.#ended ??= performance.now()
    return this.tell()
  }

  tell(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#step())
    return this.#telling
  }

  async #step(): Promise<void> {
    const now = performance.now()
    this.#id ??= (await this.#tell(BEGIN, [...this.#values, now - this.#began]))?.[0]?.id
    if (this.#id === undefined || this.#ended === undefined || this.#told) return
    this.#told = (await this.#tell(END, [this.#id, performance.now() - this.#ended])) !== undefined
  }
}

/** The outages of one session. */
export class Outages {
  readonly #tell: Tell
  readonly #session: string
  readonly #source: string
  readonly #open = new Set<Outage>()

  constructor(tell: Tell, session: string, source: string) {
    this.#tell = tell
    this.#session = session
    this.#source = source
  }

  begin(series: readonly StreamSeries[], reason: string): AsyncDisposable {
    const wire = series.map(({ type, coinId, currency, timeframe }) => ({ type, coin_id: coinId, currency, timeframe }))
    const outage = new Outage(this.#tell, [this.#session, this.#source, JSON.stringify(wire), reason.slice(0, LONGEST_REASON)])
    this.#open.add(outage)
    void outage.tell()
    return {
      [Symbol.asyncDispose]: async () => {
        await outage.end()
        if (outage.told) this.#open.delete(outage)
      },
    }
  }

  /** Tells what the database has not taken yet. */
  async tell(): Promise<void> {
    for (const outage of this.#open) {
      await outage.tell()
      if (outage.told) this.#open.delete(outage)
    }
  }
}
