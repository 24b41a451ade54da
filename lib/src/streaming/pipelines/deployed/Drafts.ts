import { migrate, type Pool, withClient } from '../../../base/database/index.ts'
import { QiError, suggest } from '../../../base/types/index.ts'
import { pipelineMigrations } from './migrations.ts'
import type { PipelineDraft } from './model.ts'
import { type DraftRow, draftOf, millis } from './rows.ts'

const COLUMNS = `name, revision, text, ${millis('saved_at')} as saved_at, saved_by`

/** Most drafts in a store. */
const MOST = 500

export interface DraftRequest {
  readonly name: string
  readonly text: string
  /** The revision that this one replaces; 0 for the first. */
  readonly replaces: number
  readonly by: string
}

/** Declarations that are being written: one for each name. None of them runs, and they may contain errors. */
export class Drafts {
  readonly #pool: Pool

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Creates its tables unless they exist. @throws QiError */
  static async open(pool: Pool): Promise<Drafts> {
    await migrate(pool, pipelineMigrations)
    return new Drafts(pool)
  }

  list(): Promise<readonly PipelineDraft[]> {
    return this.#rows(`select ${COLUMNS} from pipeline_drafts order by name`)
  }

  /** @throws QiError NOT_FOUND */
  async find(name: string): Promise<PipelineDraft> {
    const [draft] = await this.#rows(`select ${COLUMNS} from pipeline_drafts where name = $1`, [name])
    if (draft) return draft
    const known = (await this.list()).map((one) => one.name)
    throw new QiError('NOT_FOUND', `there is no draft of "${name.slice(0, 70)}"${suggest(name, known)}`, { field: 'name' })
  }

  /** @throws QiError CONFLICT where the stored revision is not the one that this replaces */
  async save({ name, text, replaces, by }: DraftRequest): Promise<PipelineDraft> {
    const [saved] =
      replaces === 0
        ? await this.#rows(
            `insert into pipeline_drafts (name, revision, text, saved_by)
             select $1, 1, $2, $3 where (select count(*) from pipeline_drafts) < ${MOST}
             on conflict (name) do nothing returning ${COLUMNS}`,
            [name, text, by],
          )
        : await this.#rows(
            `update pipeline_drafts set text = $2, saved_by = $3, revision = revision + 1, saved_at = clock_timestamp()
             where name = $1 and revision = $4 returning ${COLUMNS}`,
            [name, text, by, replaces],
          )
    if (saved) return saved
    const all = await this.list()
    const there = all.find((draft) => draft.name === name)
    if (!there && replaces === 0)
      throw new QiError('CONFLICT', `there are ${all.length} drafts, and a store keeps no more; discard some`, { field: 'name' })
    throw new QiError(
      'CONFLICT',
      there
        ? `draft ${name}: revision ${there.revision}, saved by ${there.savedBy}, is stored, but ${replaces === 0 ? 'a first revision was to be saved' : `revision ${replaces} was to be replaced`}; read it, then save again`
        : `draft ${name} no longer exists, and revision ${replaces} was to be replaced; save it as a new draft`,
      { field: 'replaces' },
    )
  }

  /** @throws QiError NOT_FOUND */
  async discard(name: string): Promise<void> {
    const { name: there } = await this.find(name)
    await this.#rows('delete from pipeline_drafts where name = $1', [there])
  }

  #rows(sql: string, values: unknown[] = []): Promise<PipelineDraft[]> {
    return withClient(this.#pool, async (client) => (await client.query<DraftRow>(sql, values)).rows.map(draftOf))
  }
}
