import { createHash } from 'node:crypto'
import { migrate, type Pool } from '../../../base/database/index.ts'
import type { InputFile } from '../../../publishers/index.ts'
import { importMigrations } from './migrations.ts'

export interface MemberState {
  /** The first row that is not stored yet. */
  readonly next: number
  readonly finished: boolean
}

const ready = new WeakSet<Pool>()
/** Time after which progress is forgotten. A file is then imported again, and its records overwrite themselves. */
const KEPT = '1 year'

/** How far each file was imported, kept in the store. A changed file, or other settings, begin again. */
export class ImportState {
  readonly #pool: Pool

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** @throws QiError */
  static async open(pool: Pool): Promise<ImportState> {
    if (!ready.has(pool)) await migrate(pool, importMigrations)
    ready.add(pool)
    await pool.query('delete from file_imports where updated_at < clock_timestamp() - $1::interval', [KEPT])
    return new ImportState(pool)
  }

  /** The id of a file as it is now, read with these settings. */
  static idOf({ path, bytes, changedAt }: InputFile, settings: unknown): string {
    return createHash('sha256')
      .update(JSON.stringify([path, bytes, changedAt, settings]))
      .digest('hex')
      .slice(0, 32)
  }

  /** The progress of a file, by member. */
  async of(id: string): Promise<ReadonlyMap<string, MemberState>> {
    const { rows } = await this.#pool.query<{ member: string; next: string; finished: boolean }>(
      'select member, next::text, finished from file_imports where id = $1',
      [id],
    )
    return new Map(rows.map(({ member, next, finished }) => [member, { next: Number(next), finished }]))
  }

  async save(id: string, path: string, member: string, { next, finished }: MemberState): Promise<void> {
    await this.#pool.query(
      `insert into file_imports (id, member, path, next, finished) values ($1, $2, $3, $4, $5)
       on conflict (id, member) do update set next = excluded.next, finished = excluded.finished, updated_at = clock_timestamp()`,
      [id, member, path, next, finished],
    )
  }
}
