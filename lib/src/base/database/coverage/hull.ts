import type { PoolClient } from '../pool.ts'

/** The stretch of time that the unknown records of some series lie in, as the server writes it; its end belongs to it. */
export interface Hull {
  readonly since: string
  readonly until: string
}

/** SQL: that a row `p` lies in the hull. Constants, because TimescaleDB then plans for the chunks of that time alone. */
export const inHull = ({ since, until }: Hull): string =>
  `p.time >= '${since}'::timestamptz and p.time <= '${until}'::timestamptz`

/** SQL that makes a hull of ranges of time, given as rows (span) of `spans`, each widened by `margin`. */
export const hullOf = (spans: string, margin: string): string => `select min(lower(h.span) - ${margin})::text as since,
  max(upper(h.span) + ${margin})::text as until from ${spans} as h`

/** Undefined where nothing is unknown of the series. */
export async function readHull(
  client: Pick<PoolClient, 'query'>,
  text: string,
  ids: readonly string[],
): Promise<Hull | undefined> {
  const { rows } = await client.query<Hull | { since: null }>(text, [ids])
  const [row] = rows
  return row?.since == null ? undefined : (row as Hull)
}
