import type { Pool } from '../../../base/database/index.ts'
import { QiError, type RecordBatch } from '../../../base/types/index.ts'

/** Owner of the ids of trades: the venue, or the file, for those that an import makes from file and row. */
type Ids = 'venue' | 'made'

const MADE = /^[0-9a-f]{16}-\d+$/
const DASH = 0x2d
const DASH_AT = 16

/** Keeps trades with ids of the venue and trades with made ids apart: in one series each trade would be there twice. */
export class TradeIds {
  readonly #pool: Pool
  readonly #isVenue: (source: string) => boolean
  readonly #known = new Map<string, Ids>()

  /** @param isVenue true for the sources of the configuration, whose trades have ids */
  constructor(pool: Pool, isVenue: (source: string) => boolean) {
    this.#pool = pool
    this.#isVenue = isVenue
  }

  /** @throws QiError CONFLICT naming the series */
  async check({ type, records }: RecordBatch): Promise<void> {
    if (type.name !== 'trade') return
    let last: readonly unknown[] = []
    let known: Ids | undefined
    for (const { source, coinId, currency, tradeId } of records) {
      if (source !== last[0] || coinId !== last[1] || currency !== last[2]) {
        last = [source, coinId, currency]
        known = await this.#of(String(source), String(coinId), String(currency))
      }
      const id = String(tradeId)
      const ids = id.charCodeAt(DASH_AT) === DASH && MADE.test(id) ? 'made' : 'venue'
      if (known === undefined) {
        known = ids === 'made' && this.#isVenue(String(source)) ? 'venue' : ids
        this.#known.set(last.join('\n'), known)
      }
      if (known !== ids) throw mixed(ids, String(coinId), String(source))
    }
  }

  /** The owner of the ids of a series, by its newest stored trade: it never has both. */
  async #of(source: string, coinId: string, currency: string): Promise<Ids | undefined> {
    const key = [source, coinId, currency].join('\n')
    const known = this.#known.get(key)
    if (known) return known
    const { rows } = await this.#pool.query<{ trade_id: string }>(
      'select trade_id from trades where source = $1 and coin_id = $2 and currency = $3 order by time desc limit 1',
      [source, coinId, currency],
    )
    const [row] = rows
    if (!row) return undefined
    const ids = MADE.test(row.trade_id) ? 'made' : 'venue'
    this.#known.set(key, ids)
    return ids
  }
}

const mixed = (ids: Ids, coinId: string, source: string): QiError =>
  new QiError(
    'CONFLICT',
    ids === 'made'
      ? `trades of ${coinId} have no ids here, and those of ${source} have: each would be there twice; import them into a source of their own, such as --source ${source}-files`
      : `trades of ${coinId} have ids here, and those stored of ${source} came from files without: each would be there twice; import them into another source`,
    { field: 'source' },
  )
