import { parseTime } from '../../types/index.ts'
import { storedLayout } from '../migrations/index.ts'
import type { PoolClient } from '../pool.ts'
import { tells } from './hold.ts'
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

export interface Untold {
  /** The series that the filter lets through. */
  readonly ids: readonly string[]
  /** By the id of their series. */
  readonly spans: ReadonlyMap<string, readonly Stored[]>
}

/** The held spans that a refresh would add now, for a reader who may not write. */
export async function findUntold(client: PoolClient, filter: CoverageFilter): Promise<Untold> {
  const wanted = await wantedSeries(client, filter)
  const chunked = (await storedLayout(client)) === 'hypertables'
  const found: Row[] = []
  for (const { type, text } of tells(chunked)) {
    const ids = ofProof(wanted, type)
    if (ids.length > 0) found.push(...(await client.query<Row>(text, [ids])).rows)
  }
  const spans = Map.groupBy(found, ({ id }) => id)
  return {
    ids: wanted.map(({ id }) => id),
    spans: new Map([...spans].map(([id, rows]) => [id, rows.map(storedOf)])),
  }
}

const storedOf = ({ lower, upper, first, last }: Row): Stored => ({
  state: 'held',
  from: parseTime(lower),
  to: parseTime(upper),
  reason: '',
  askedAt: 0,
  ...(first !== null && last !== null && { numbers: { first: Number(first), last: Number(last) } }),
})
