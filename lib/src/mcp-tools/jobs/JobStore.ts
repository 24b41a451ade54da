import type { ToolEffect } from '../../base/agent/index.ts'
import { type MigrationFile, migrate, type Pool } from '../../base/database/index.ts'

const files: readonly MigrationFile[] = [
  {
    version: 1,
    name: 'tool_jobs',
    sql: `create table tool_jobs (
      seq bigint generated always as identity primary key,
      id uuid not null unique,
      caller text not null, tool text not null, effect text not null, arguments text not null,
      key text, digest bytea,
      runner text not null,
      state text not null, revision integer not null default 1, cancel boolean not null default false,
      created_at timestamptz not null default clock_timestamp(), ended_at timestamptz,
      done double precision, total double precision, message text,
      result text, result_bytes integer, error text,
      unique (caller, key));
    create index tool_jobs_running on tool_jobs (runner) where state = 'running';
    create index tool_jobs_ended on tool_jobs (ended_at)`,
  },
]

/** lost: its process died, or lost the store, before the job ended. */
export const JOB_STATES = ['running', 'done', 'failed', 'cancelled', 'lost'] as const
export type JobState = (typeof JOB_STATES)[number]

/** Hours for which ended jobs and idempotency keys are kept. */
export const KEPT_HOURS = 24
/** Most kept jobs, and most bytes of one result and of all results. */
const MOST_JOBS = 100_000
export const MOST_RESULT_BYTES = 1024 * 1024
const MOST_BYTES_IN_ALL = 256 * 1024 * 1024

export interface Job {
  readonly seq: string
  readonly id: string
  readonly caller: string
  readonly tool: string
  readonly effect: ToolEffect
  /** As JSON, secrets masked. */
  readonly arguments: string
  readonly runner: string
  readonly state: JobState
  /** Grows with each change. */
  readonly revision: number
  /** True once a cancel was requested. */
  readonly cancel: boolean
  readonly created_at: Date
  readonly ended_at: Date | null
  readonly done: number | null
  readonly total: number | null
  readonly message: string | null
  /** As JSON; null if there is none, or it is no longer kept. */
  readonly result: string | null
  /** Size of the result, kept or not. */
  readonly result_bytes: number | null
  readonly error: string | null
}

export interface NewJob {
  readonly id: string
  readonly caller: string
  readonly tool: string
  readonly effect: ToolEffect
  readonly arguments: string
  readonly runner: string
  /** Idempotency key of the caller, for one call with these arguments. */
  readonly key?: { readonly text: string; readonly digest: Buffer } | undefined
}

export interface Progress {
  readonly done: number
  readonly total: number | null
  readonly message: string
}

export interface JobQuery {
  readonly caller?: string | undefined
  readonly limit: number
  readonly before?: string | undefined
}

/** Columns without the result, which then stays in the database. */
const WITHOUT_RESULT =
  'seq, id, caller, tool, effect, arguments, runner, state, revision, cancel, created_at, ended_at, done, total, message, result_bytes, error'
const ALL = `${WITHOUT_RESULT}, result`

const ready = new WeakSet<Pool>()

/** The rows of jobs. */
export class JobStore {
  readonly #pool: Pool

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Creates its table if needed. @throws QiError */
  static async open(pool: Pool): Promise<JobStore> {
    if (!ready.has(pool)) await migrate(pool, { component: 'jobs', files })
    ready.add(pool)
    return new JobStore(pool)
  }

  /** @returns false if the caller has used the key already */
  async add({ id, caller, tool, effect, arguments: input, runner, key }: NewJob): Promise<boolean> {
    if (key)
      await this.#pool.query(
        `delete from tool_jobs where caller = $1 and key = $2 and ended_at < now() - interval '${KEPT_HOURS} hours'`,
        [caller, key.text],
      )
    const { rowCount } = await this.#pool.query(
      `insert into tool_jobs (id, caller, tool, effect, arguments, runner, state, key, digest)
       values ($1, $2, $3, $4, $5, $6, 'running', $7, $8) on conflict (caller, key) do nothing`,
      [id, caller, tool, effect, input, runner, key?.text ?? null, key?.digest ?? null],
    )
    return rowCount === 1
  }

  /** Deletes a job that did not start. */
  async remove(id: string): Promise<void> {
    await this.#pool.query('delete from tool_jobs where id = $1', [id])
  }

  async get(id: string): Promise<Job | undefined> {
    return (await this.#pool.query<Job>(`select ${ALL} from tool_jobs where id = $1`, [id])).rows[0]
  }

  async ofKey(caller: string, key: string): Promise<(Job & { readonly digest: Buffer }) | undefined> {
    const { rows } = await this.#pool.query<Job & { digest: Buffer }>(
      `select ${ALL}, digest from tool_jobs where caller = $1 and key = $2
         and (ended_at is null or ended_at >= now() - interval '${KEPT_HOURS} hours')`,
      [caller, key],
    )
    return rows[0]
  }

  /** Newest first, without results. */
  async list({ caller, limit, before }: JobQuery): Promise<readonly Job[]> {
    const { rows } = await this.#pool.query<Job>(
      `select ${WITHOUT_RESULT}, null as result from tool_jobs
       where ($1::text is null or caller = $1) and ($2::bigint is null or seq < $2) order by seq desc limit $3`,
      [caller ?? null, before ?? null, limit],
    )
    return rows
  }

  async countRunning(caller: string): Promise<number> {
    const { rows } = await this.#pool.query<{ count: number }>(
      `select count(*)::int as count from tool_jobs where caller = $1 and state = 'running'`,
      [caller],
    )
    return rows[0]?.count ?? 0
  }

  async progress(id: string, { done, total, message }: Progress): Promise<void> {
    await this.#pool.query(
      `update tool_jobs set done = $2, total = $3, message = $4, revision = revision + 1 where id = $1 and state = 'running'`,
      [id, done, total, message],
    )
  }

  /** @returns false if it had already ended as lost */
  async end(id: string, state: JobState, result: string | undefined, error: string | undefined): Promise<boolean> {
    const bytes = result === undefined ? null : Buffer.byteLength(result)
    const { rowCount } = await this.#pool.query(
      `update tool_jobs set state = $2, ended_at = clock_timestamp(), revision = revision + 1, result = $3, result_bytes = $4, error = $5
       where id = $1 and state = 'running'`,
      [id, state, bytes !== null && bytes <= MOST_RESULT_BYTES ? result : null, bytes, error ?? null],
    )
    return rowCount === 1
  }

  /** Requests the cancel; the process that runs it carries it out. */
  async askCancel(id: string): Promise<void> {
    await this.#pool.query(
      `update tool_jobs set cancel = true, revision = revision + 1 where id = $1 and state = 'running' and not cancel`,
      [id],
    )
  }

  /** The running jobs of a process, by the store. */
  async runningOf(runner: string): Promise<readonly Pick<Job, 'id' | 'cancel'>[]> {
    const { rows } = await this.#pool.query<Pick<Job, 'id' | 'cancel'>>(
      `select id, cancel from tool_jobs where runner = $1 and state = 'running'`,
      [runner],
    )
    return rows
  }

  /** Other processes with running jobs. */
  async runnersBut(runner: string): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ runner: string }>(
      `select distinct runner from tool_jobs where state = 'running' and runner <> $1`,
      [runner],
    )
    return rows.map((row) => row.runner)
  }

  async markLost(runners: readonly string[], error: string): Promise<void> {
    await this.#pool.query(
      `update tool_jobs set state = 'lost', ended_at = clock_timestamp(), revision = revision + 1, error = $2
       where runner = any($1) and state = 'running'`,
      [runners, error],
    )
  }

  /** Deletes jobs beyond the bounds of age and number, and results beyond the bound of bytes. */
  async prune(): Promise<void> {
    await this.#pool.query(
      `delete from tool_jobs where ended_at < now() - interval '${KEPT_HOURS} hours'
         or (ended_at is not null and seq <= (select max(seq) from tool_jobs) - ${MOST_JOBS})`,
    )
    await this.#pool.query(
      `update tool_jobs set result = null from (
         select seq, sum(result_bytes) over (order by seq desc) as bytes from tool_jobs where result is not null) as newer
       where tool_jobs.seq = newer.seq and newer.bytes > ${MOST_BYTES_IN_ALL}`,
    )
  }
}
