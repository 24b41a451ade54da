import type { PoolClient } from '../pool.ts'
import type { SeriesStatements, Statements } from './statements.ts'

/** Below it planning costs more than is saved. */
const MANY_ROWS = 1000

interface Merged {
  readonly added: number
  readonly overwritten: number
}

type Kind = 'overwrite' | 'outdone'

/**
 * From the stage into the table. What the last batch was, the next is expected to be: each of its rows overwrites another, or none
 * does, as when it is delivered again; where it was of neither kind, some rows tell. A statement that costs less confirms that;
 * where it does not, the merge settles it, which is right for rows of any kind and finds what is done already as it should be.
 */
export class Merge {
  readonly #sql: Statements
  readonly #bySeries: SeriesStatements | undefined
  /** Of the next batch; `unsure` where a kind was right and could not be confirmed, as where rows are not in the order of time. */
  #expected: Kind | 'unsure' | undefined

  constructor(sql: Statements, bySeries: boolean) {
    this.#sql = sql
    this.#bySeries = bySeries ? sql.bySeries : undefined
  }

  /** @returns how many of the staged rows were added: their keys were new */
  async run(client: PoolClient, staged: number): Promise<number> {
    const bySeries = staged < MANY_ROWS ? undefined : this.#bySeries
    const expected = bySeries && (await this.#expect(client, bySeries))
    const confirmed = bySeries && expected ? await CONFIRM[expected](client, bySeries) : 0
    if (expected && confirmed === staged) {
      this.#expected = expected
      return 0
    }
    const { added, overwritten } = (await client.query<Merged>(this.#sql.merge)).rows[0] as Merged
    if (bySeries) {
      const inAll = overwritten + (expected === 'overwrite' ? confirmed : 0)
      const kind = inAll === staged ? 'overwrite' : added + inAll === 0 ? 'outdone' : undefined
      this.#expected = kind && kind === expected ? 'unsure' : kind
    }
    return added
  }

  async #expect(client: PoolClient, bySeries: SeriesStatements): Promise<Kind | undefined> {
    if (this.#expected === 'unsure') return undefined
    return this.#expected ?? kindOfSome(client, bySeries)
  }
}

/** Of which kind a sample of the rows is, where all of it is of one. */
async function kindOfSome(client: PoolClient, { sample }: SeriesStatements): Promise<Kind | undefined> {
  const { all, overwrite, outdone } = (await client.query<Record<Kind | 'all', number>>(sample)).rows[0] as Record<
    Kind | 'all',
    number
  >
  if (all === 0) return undefined
  return overwrite === all ? 'overwrite' : outdone === all ? 'outdone' : undefined
}

/** How many rows are as expected. */
const CONFIRM = {
  overwrite: async (client: PoolClient, { overwrite }: SeriesStatements) => (await client.query(overwrite)).rowCount ?? 0,
  outdone: async (client: PoolClient, { outdone }: SeriesStatements) =>
    (await client.query<{ outdone: number }>(outdone)).rows[0]?.outdone ?? 0,
}
