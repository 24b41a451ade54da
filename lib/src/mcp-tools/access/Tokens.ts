import { createHash, randomBytes } from 'node:crypto'
import { type MigrationFile, migrate, type Pool } from '../../base/database/index.ts'
import { protectSecrets, QiError } from '../../base/types/index.ts'
import type { Role } from './roles.ts'

const files: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'access_tokens',
    sql: `create table access_tokens (
      id bigint generated always as identity primary key,
      name text not null, role text not null, hash bytea not null unique,
      created_at timestamptz not null default now(), expires_at timestamptz, revoked_at timestamptz, used_at timestamptz)`,
  },
]

/** Most valid tokens. */
const MOST_TOKENS = 1_000
/** Revoked and expired tokens are listed for this long. */
const REMEMBERED = '90 days'
/** Random bytes of a token: enough that a fast hash is as safe as a slow one. */
const SECRET_BYTES = 32
const NAME = /^[a-zA-Z][a-zA-Z0-9._-]{0,59}$/
/** Reserved names, for callers without such a token. */
const RESERVED = ['loopback', 'server.token']

const VALID = 'revoked_at is null and (expires_at is null or expires_at > now())'

export interface TokenInfo {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly revoked_at: Date | null
  readonly used_at: Date | null
}

export interface NewToken {
  readonly name: string
  readonly role: Role
  /** Unset: until it is revoked. */
  readonly validDays?: number | undefined
}

/** The holder of a token. */
export interface TokenHolder {
  readonly id: string
  readonly name: string
  readonly role: Role
}

export const tokenHash = (secret: string): Buffer => createHash('sha256').update(secret).digest()

const ready = new WeakSet<Pool>()

/**
 * Named tokens with a role, 256 random bits each, stored as SHA-256 hashes. Several may have one name, for rotation: create and hand out a
 * new one, then revoke the old one.
 */
export class Tokens {
  readonly #pool: Pool

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Creates its table if needed. @throws QiError */
  static async open(pool: Pool): Promise<Tokens> {
    if (!ready.has(pool)) await migrate(pool, { component: 'access', files })
    ready.add(pool)
    return new Tokens(pool)
  }

  /** @returns the secret, which is shown only once. @throws QiError BAD_REQUEST, CONFLICT if there are too many */
  async create({ name, role, validDays }: NewToken): Promise<{ readonly id: string; readonly secret: string }> {
    if (!NAME.test(name) || RESERVED.includes(name))
      throw new QiError(
        'BAD_REQUEST',
        `name "${name.slice(0, 60)}": expected a letter and up to 59 letters, digits, dots, hyphens and underscores, and neither ${RESERVED.join(' nor ')}`,
        { field: 'name' },
      )
    const { rows: count } = await this.#pool.query<{ valid: number }>(
      `select count(*)::int as valid from access_tokens where ${VALID}`,
    )
    if ((count[0]?.valid ?? 0) >= MOST_TOKENS)
      throw new QiError('CONFLICT', `there are ${MOST_TOKENS} valid tokens: revoke those no longer used`)
    await this.#pool.query(`delete from access_tokens where coalesce(revoked_at, expires_at) < now() - interval '${REMEMBERED}'`)
    const secret = `qi_${randomBytes(SECRET_BYTES).toString('base64url')}`
    protectSecrets([secret])
    const { rows } = await this.#pool.query<{ id: string }>(
      `insert into access_tokens (name, role, hash, expires_at) values ($1, $2, $3, now() + $4 * interval '1 day') returning id`,
      [name, role, tokenHash(secret), validDays ?? null],
    )
    return { id: String(rows[0]?.id), secret }
  }

  /** Newest first. */
  async list(): Promise<readonly TokenInfo[]> {
    const { rows } = await this.#pool.query<TokenInfo>(
      'select id, name, role, created_at, expires_at, revoked_at, used_at from access_tokens order by id desc limit 5000',
    )
    return rows
  }

  /** @param which an id, or a name for all of that name. @returns those that were valid */
  async revoke(which: string): Promise<readonly TokenHolder[]> {
    const { rows } = await this.#pool.query<TokenHolder>(
      `update access_tokens set revoked_at = now() where ${VALID} and (id::text = $1 or name = $1) returning id, name, role`,
      [which],
    )
    return rows
  }

  /** The valid tokens, by hash in hexadecimal. */
  async valid(): Promise<ReadonlyMap<string, TokenHolder & { readonly expires: number }>> {
    const { rows } = await this.#pool.query<TokenHolder & { hash: Buffer; expires: number | null }>(
      `select id, name, role, hash, extract(epoch from expires_at)::float8 * 1000 as expires from access_tokens where ${VALID}`,
    )
    return new Map(
      rows.map(({ id, name, role, hash, expires }) => [
        hash.toString('hex'),
        { id, name, role, expires: expires ?? Number.POSITIVE_INFINITY },
      ]),
    )
  }

  /** Records that they were used now. */
  async used(ids: readonly string[]): Promise<void> {
    await this.#pool.query('update access_tokens set used_at = now() where id = any($1::bigint[])', [ids])
  }
}
