import { createHash, randomBytes } from 'node:crypto'
import { type MigrationFile, migrate, type Pool } from '../../base/database/index.ts'

const files: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'consents',
    sql: 'create table tool_consents (token bytea primary key, call bytea not null, expires_at timestamptz not null)',
  },
]

/** Validity of a token, in seconds. */
export const CONSENT_SECONDS = 300

/** The call that a consent is for. */
export interface ConsentedCall {
  /** The session or client. */
  readonly caller: string
  readonly tool: string
  readonly input: Readonly<Record<string, unknown>>
}

const ready = new WeakSet<Pool>()

/**
 * Tokens of questions: each is good for one call, of one caller with the same arguments, within five minutes. They are in the store, so
 * that another process (the next `qicore tool`) accepts them, and as hashes, so that nobody can read one there.
 */
export class Consents {
  readonly #pool: Pool

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Creates its table if needed. @throws QiError */
  static async open(pool: Pool): Promise<Consents> {
    if (!ready.has(pool)) await migrate(pool, { component: 'consents', files })
    ready.add(pool)
    return new Consents(pool)
  }

  async issue(call: ConsentedCall): Promise<string> {
    const token = `yes-${randomBytes(8).toString('hex')}`
    await this.#pool.query('delete from tool_consents where expires_at < now()')
    await this.#pool.query(`insert into tool_consents values ($1, $2, now() + interval '${CONSENT_SECONDS} seconds')`, [
      sha256(token),
      digest(call),
    ])
    return token
  }

  /** True once for a token that was issued for this call. Any attempt uses the token up. */
  async redeem(token: string, call: ConsentedCall): Promise<boolean> {
    const { rows } = await this.#pool.query<{ call: Buffer; valid: boolean }>(
      'delete from tool_consents where token = $1 returning call, expires_at > now() as valid',
      [sha256(token)],
    )
    const [found] = rows
    return found?.valid === true && found.call.equals(digest(call))
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

const digest = ({ caller, tool, input }: ConsentedCall): Buffer => sha256(stableJson([caller, tool, input]))

/** JSON with sorted names: equal values give equal texts. */
export const stableJson = (value: unknown): string => JSON.stringify(sorted(value))

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, item]) => [name, sorted(item)] as const)
  return entries.sort(([a], [b]) => (a < b ? -1 : 1))
}
