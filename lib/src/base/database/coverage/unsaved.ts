import type { CoverageFilter } from '../../types/index.ts'
import { parseTime } from '../../types/index.ts'
import { storedLayout } from '../bookkeeping/storedLayout.ts'
import type { PoolClient } from '../connections/pool.ts'
import { readHull } from './hull.ts'
import type { SavedSpan } from './read.ts'
import { ofProof, wantedSeries } from './refresh.ts'
import { returningQueries } from './spanQueries.ts'

interface Row {
  readonly id: string
  readonly lower: string
  readonly upper: string
  readonly first: string | null
  readonly last: string | null
}

/** The held spans that a refresh would save now, by the id of their series, for a database that is only read. */
export async function findUnsaved(
  client: PoolClient,
  filter: CoverageFilter,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly SavedSpan[]>> {
  const wanted = await wantedSeries(client, filter, ids)
  const chunked = (await storedLayout(client)) === 'hypertables'
  const found: Row[] = []
  for (const { type, hull, text } of returningQueries(chunked)) {
    const proved = ofProof(wanted, type)
    const unknown = proved.length > 0 ? await readHull(client, hull, proved) : undefined
    if (unknown) found.push(...(await client.query<Row>(text(unknown), [proved])).rows)
  }
  const spans = Map.groupBy(found, ({ id }) => id)
  return new Map([...spans].map(([id, rows]) => [id, rows.map(savedOf)]))
}

const savedOf = ({ lower, upper, first, last }: Row): SavedSpan => ({
  state: 'held',
  from: parseTime(lower),
  to: parseTime(upper),
  reason: '',
  askedAt: 0,
  ...(first !== null && last !== null && { numbers: { first: Number(first), last: Number(last) } }),
})
