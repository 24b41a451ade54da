import type { PoolClient } from '../connections/pool.ts'

/** The span of time of the unknown records of some series, as the server writes it; inclusive of its end. */
export interface Hull {
  readonly since: string
  readonly until: string
}

/** SQL: true if a row `p` lies in the hull. Constants, because TimescaleDB then plans only for the chunks of that time. */
export const inHull = ({ since, until }: Hull): string =>
  `p.time >= '${since}'::timestamptz and p.time <= '${until}'::timestamptz`

/** SQL: the hull of ranges of time, given as rows (span) of `spans`, each widened by `margin`. */
export const hullOf = (spans: string, margin: string): string => `select min(lower(h.span) - ${margin})::text as since,
  max(upper(h.span) + ${margin})::text as until from ${spans} as h`

/** Runs a hull query; undefined if nothing of the series is unknown. */
export async function readHull(
  client: Pick<PoolClient, 'query'>,
  text: string,
  ids: readonly string[],
): Promise<Hull | undefined> {
  const { rows } = await client.query<Hull | { since: null }>(text, [ids])
  const [row] = rows
  return row?.since == null ? undefined : (row as Hull)
}
