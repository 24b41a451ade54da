import type { LatestPrice, Page } from '../../../lib/src/base/database/index.ts'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { priceJson } from '../api/wire.ts'
import type { ServedPlatform } from '../served.ts'
import { channelNames } from './channels.ts'
import type { Wanted } from './filter.ts'
import type { Outlet } from './Outlet.ts'
import type { Place } from './Place.ts'

/** Rows of one message. */
const ROWS = 1_000
/** The destination that is the store. */
const STORE = 'timescaledb'

/** @throws QiError BAD_REQUEST for a channel without snapshots */
export function expectSnapshot(channel: string): void {
  if (channel === 'prices') return
  const others = channelNames.filter((name) => name !== 'prices').join(', ')
  throw new QiError('BAD_REQUEST', `snapshot: only the channel prices has one, not ${others}; leave it out and give "from"`, {
    field: 'snapshot',
  })
}

/**
 * The place up to which every record is stored. A snapshot that is read later, plus the records after this place, is complete: records that
 * are appended but not stored yet are in no snapshot.
 * @param tail the result if no group is known that stores the topic
 */
export async function storedPlace(platform: ServedPlatform, tail: Place): Promise<Place> {
  const { stream } = platform
  const groups = platform
    .getStatus()
    .consumers.filter(({ destination, topics }) => destination === STORE && topics.includes(tail.topic))
    .map(({ group }) => group)
  const lags = (await Promise.all(groups.map((group) => stream.lag(group)))).flat()
  return tail.at(
    tail.offsets.map((end, partition) =>
      lags
        .filter((one) => one.topic === tail.topic && one.partition === partition)
        .reduce((least, { offset }) => (offset < least ? offset : least), end),
    ),
  )
}

/** The latest rows of the series that a client wants, read page by page without reading ahead. */
export class Snapshot {
  readonly #platform: ServedPlatform
  readonly #query: Omit<Wanted, 'channel'>
  #page: Page<LatestPrice>

  private constructor(platform: ServedPlatform, query: Omit<Wanted, 'channel'>, page: Page<LatestPrice>) {
    this.#platform = platform
    this.#query = query
    this.#page = page
  }

  /** Reads the first page. @throws QiError as the store does */
  static async open(platform: ServedPlatform, { coins, sources, currencies }: Wanted): Promise<Snapshot> {
    const query = { coins, sources, currencies }
    return new Snapshot(platform, query, await pageOf(platform, query))
  }

  /** @param resume token of the place after which records follow; it is in the last message */
  async send(outlet: Outlet, resume: string): Promise<void> {
    for (;;) {
      const { items, next } = this.#page
      const rows = items.map(priceJson).join(',')
      const end = next === undefined ? `"complete":true,"resume":"${resume}"}` : '"complete":false}'
      outlet.send(Buffer.from(`{"type":"snapshot","channel":"prices","data":[${rows}],${end}`), next === undefined ? resume : '')
      if (next === undefined) return
      await outlet.room()
      if (!outlet.isOpen) return
      this.#page = await pageOf(this.#platform, this.#query, next)
    }
  }
}

const pageOf = (platform: ServedPlatform, query: Omit<Wanted, 'channel'>, after?: string): Promise<Page<LatestPrice>> =>
  platform.store.reads.dsl.getLatestPrices({ ...query, limit: ROWS, after })
