import { parseTime } from '../../types/index.ts'
import { storedLayout } from '../migrations/index.ts'
import type { PoolClient } from '../pool.ts'
import { tells } from './hold.ts'
import { readHull } from './hull.ts'
import type { CoverageFilter } from './model.ts'
import type { Stored } from './read.ts'
import { ofProof, wantedSeries } from './refresh.ts'

interface Row {
  readonly id: string
  readonly lower: string
  readonly upper: string
  readonly first: string | null
  readonly last: string | null
}

/** The held spans that a refresh would add now, by the id of their series, for a reader who may not write. */
export async function findUntold(
  client: PoolClient,
  filter: CoverageFilter,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Stored[]>> {
  const wanted = await wantedSeries(client, filter, ids)
  const chunked = (await storedLayout(client)) === 'hypertables'
  const found: Row[] = []
  for (const { type, hull, text } of tells(chunked)) {
    const proved = ofProof(wanted, type)
    const unknown = proved.length > 0 ? await readHull(client, hull, proved) : undefined
    if (unknown) found.push(...(await client.query<Row>(text(unknown), [proved])).rows)
  }
  const spans = Map.groupBy(found, ({ id }) => id)
  return new Map([...spans].map(([id, rows]) => [id, rows.map(storedOf)]))
}

const storedOf = ({ lower, upper, first, last }: Row): Stored => ({
  state: 'held',
  from: parseTime(lower),
  to: parseTime(upper),
  reason: '',
  askedAt: 0,
  ...(first !== null && last !== null && { numbers: { first: Number(first), last: Number(last) } }),
})
