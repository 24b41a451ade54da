import { migrate, type Pool, QiError, suggest, withClient } from '../../../base/index.ts'
import { pipelineMigrations } from './migrations.ts'
import type { PipelineDraft } from './model.ts'
import { type DraftRow, draftOf, millis } from './rows.ts'

const COLUMNS = `name, revision, text, ${millis('saved_at')} as saved_at, saved_by`

/** Drafts that a store keeps at most. */
const MOST = 500

export interface DraftRequest {
  readonly name: string
  readonly text: string
  /** The revision that this one replaces; 0: there is none. */
  readonly replaces: number
  readonly by: string
}

/** Texts that somebody works on: one a name, none of them runs. What is wrong with a text does not keep it from being saved. */
export class Drafts {
  readonly #pool: Pool

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Makes its tables where they are not there. @throws QiError */
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

  /** @throws QiError CONFLICT where another revision is there than the one that this should replace */
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
      throw new QiError('CONFLICT', `there are ${all.length} drafts, the most that are kept; discard some`, { field: 'name' })
    throw new QiError(
      'CONFLICT',
      there
        ? `draft ${name}: revision ${there.revision} is there, saved by ${there.savedBy}, and ${replaces === 0 ? 'none' : `revision ${replaces}`} was to be replaced; read it, then save again`
        : `draft ${name}: revision ${replaces} was to be replaced, and it is no longer there; save it as a new one`,
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
