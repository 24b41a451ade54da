import type { ToolEffect } from '../../base/agent/index.ts'
import { isReadOnly, type MigrationFile, migrate, type Pool } from '../../base/database/index.ts'
import type { QiError } from '../../base/types/index.ts'
import type { Caller } from './roles.ts'
import { shownArguments } from './shownArguments.ts'

const files: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'audit_log',
    sql: `create table audit_log (
      id bigint generated always as identity primary key,
      at timestamptz not null default clock_timestamp(),
      ended_at timestamptz,
      caller text not null, role text not null, address text, face text not null,
      tool text not null, effect text not null, arguments text not null,
      outcome text not null, error text, job text)`,
  },
]

/** Most days and most lines that are kept. */
export const AUDIT_DAYS = 90
export const AUDIT_LINES = 100_000
/** Old lines are deleted after this many new ones. */
const PRUNE_EVERY = 500
const MOST_ERROR = 500

/** started: it runs, or its process died. asked: it waits for consent. refused: it did not run. */
export const OUTCOMES = ['started', 'done', 'failed', 'asked', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface AuditedCall {
  readonly by: Caller
  readonly tool: string
  readonly effect: ToolEffect
  readonly input: Readonly<Record<string, unknown>>
  readonly job?: string | undefined
}

export interface AuditLine {
  readonly id: string
  readonly at: Date
  readonly ended_at: Date | null
  readonly caller: string
  readonly role: string
  readonly address: string | null
  readonly face: string
  readonly tool: string
  readonly effect: ToolEffect
  readonly arguments: string
  readonly outcome: Outcome
  readonly error: string | null
  readonly job: string | null
}

export interface AuditQuery {
  readonly limit: number
  /** Only older lines than this one. */
  readonly before?: string | undefined
  readonly caller?: string | undefined
  readonly tool?: string | undefined
  readonly outcome?: Outcome | undefined
}

const opened = new WeakMap<Pool, AuditLog>()

/** The log of every write, refused ones included. A line is written before the work, for every face: CLI, HTTP, MCP. */
export class AuditLog {
  readonly #pool: Pool
  #since = 0

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Creates its table if needed. @throws QiError */
  static async open(pool: Pool): Promise<AuditLog> {
    const known = opened.get(pool)
    if (known) return known
    await migrate(pool, { component: 'audit', files })
    const log = new AuditLog(pool)
    opened.set(pool, log)
    if (!isReadOnly(pool)) await log.prune()
    return log
  }

  /** @returns the id of the line */
  async add({ by, tool, effect, input, job }: AuditedCall, outcome: Outcome, error?: QiError): Promise<string> {
    const { rows } = await this.#pool.query<{ id: string }>(
      `insert into audit_log (caller, role, address, face, tool, effect, arguments, outcome, error, job, ended_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $8 = 'started' then null else clock_timestamp() end) returning id`,
      [
        by.name,
        by.role,
        by.address ?? null,
        by.face,
        tool,
        effect,
        shownArguments(input),
        outcome,
        error ? reasonOf(error) : null,
        job ?? null,
      ],
    )
    if (++this.#since >= PRUNE_EVERY) await this.prune()
    return String(rows[0]?.id)
  }

  /** @param job id, if the call became a job */
  async finish(id: string, job: string | undefined, error?: QiError): Promise<void> {
    await this.#pool.query(
      'update audit_log set outcome = $2, error = $3, job = coalesce($4, job), ended_at = clock_timestamp() where id = $1',
      [id, error ? 'failed' : 'done', error ? reasonOf(error) : null, job ?? null],
    )
  }

  /** Newest first. */
  async list({ limit, before, caller, tool, outcome }: AuditQuery): Promise<readonly AuditLine[]> {
    const { rows } = await this.#pool.query<AuditLine>(
      `select id, at, ended_at, caller, role, address, face, tool, effect, arguments, outcome, error, job from audit_log
       where ($1::bigint is null or id < $1) and ($2::text is null or caller = $2) and ($3::text is null or tool = $3)
         and ($4::text is null or outcome = $4) order by id desc limit $5`,
      [before ?? null, caller ?? null, tool ?? null, outcome ?? null, limit],
    )
    return rows
  }

  /** Deletes lines beyond the bounds of age and number. */
  async prune(): Promise<void> {
    this.#since = 0
    await this.#pool.query(
      `delete from audit_log where at < now() - interval '${AUDIT_DAYS} days' or id <= (select max(id) from audit_log) - ${AUDIT_LINES}`,
    )
  }
}

/** A defect may quote internals: its message is for the server's log. */
const reasonOf = ({ code, message }: QiError): string => (code === 'INTERNAL' ? code : `${code}: ${message}`).slice(0, MOST_ERROR)
