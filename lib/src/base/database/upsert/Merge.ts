import type { PoolClient } from '../connections/pool.ts'
import type { SeriesStatements, Statements } from './statements.ts'

/** With fewer rows planning costs more than it saves. */
const MANY_ROWS = 1000

interface Merged {
  readonly added: number
  readonly overwritten: number
}

type Kind = 'overwrite' | 'outdone'

/**
 * Merges the stage into the table.
 *
 * A batch is often uniform: every row overwrites an existing one (`overwrite`), or none does, as when a batch is delivered again
 * (`outdone`). The kind of a batch is predicted from the last one, else from a sample. A cheap statement then handles a batch of the
 * predicted kind and counts its rows. If the count is incomplete, the general merge follows; it is correct for any rows, also for those
 * already written.
 */
export class Merge {
  readonly #sql: Statements
  readonly #bySeries: SeriesStatements | undefined
  /** Predicted kind of the next batch; `unsure` if the last prediction was right but not confirmed, as with rows out of time order. */
  #expected: Kind | 'unsure' | undefined

  constructor(sql: Statements, bySeries: boolean) {
    this.#sql = sql
    this.#bySeries = bySeries ? sql.bySeries : undefined
  }

  /** @returns the number of staged rows whose keys were new */
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
    return this.#expected ?? sampledKind(client, bySeries)
  }
}

/** Classifies a sample of the rows; undefined if they differ. */
async function sampledKind(client: PoolClient, { sample }: SeriesStatements): Promise<Kind | undefined> {
  const { all, overwrite, outdone } = (await client.query<Record<Kind | 'all', number>>(sample)).rows[0] as Record<
    Kind | 'all',
    number
  >
  if (all === 0) return undefined
  return overwrite === all ? 'overwrite' : outdone === all ? 'outdone' : undefined
}

/** Handles a batch of the predicted kind. @returns the number of rows that are of this kind */
const CONFIRM = {
  overwrite: async (client: PoolClient, { overwrite }: SeriesStatements) => (await client.query(overwrite)).rowCount ?? 0,
  outdone: async (client: PoolClient, { outdone }: SeriesStatements) =>
    (await client.query<{ outdone: number }>(outdone)).rows[0]?.outdone ?? 0,
}
