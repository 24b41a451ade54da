import type { PoolClient } from '../pool.ts'
import type { SeriesStatements, Statements } from './statements.ts'

/** Below it planning costs more than is saved. */
const MANY_ROWS = 1000

interface Merged {
  readonly added: number
  readonly overwritten: number
}

/**
 * From the stage into the table. What the last batch was, the next is expected to be: each of its rows overwrites another, or none
 * does, as when it is delivered again. A statement that costs less confirms that; where it does not, the merge settles it, which
 * is right for rows of any kind and finds what is done already as it should be.
 */
export class Merge {
  readonly #sql: Statements
  readonly #bySeries: SeriesStatements | undefined
  #expected: keyof SeriesStatements | undefined

  constructor(sql: Statements, bySeries: boolean) {
    this.#sql = sql
    this.#bySeries = bySeries ? sql.bySeries : undefined
  }

  /** @returns whether the key of each of the staged rows was new */
  async run(client: PoolClient, staged: number): Promise<boolean> {
    const bySeries = staged < MANY_ROWS ? undefined : this.#bySeries
    if (bySeries && this.#expected && (await EXPECT[this.#expected](client, bySeries)) === staged) return false
    const { added, overwritten } = (await client.query<Merged>(this.#sql.merge)).rows[0] as Merged
    if (bySeries) this.#expected = overwritten === staged ? 'overwrite' : added + overwritten === 0 ? 'outdone' : undefined
    return added === staged
  }
}

/** How many rows are as expected. */
const EXPECT = {
  overwrite: async (client: PoolClient, { overwrite }: SeriesStatements) => (await client.query(overwrite)).rowCount,
  outdone: async (client: PoolClient, { outdone }: SeriesStatements) =>
    (await client.query<{ outdone: number }>(outdone)).rows[0]?.outdone,
}
