import { randomUUID } from 'node:crypto'
import { Liveness } from '../../../../base/agent/index.ts'
import { migrate, type Pool } from '../../../../base/database/index.ts'
import { READY_AT } from '../budget.ts'
import { rankOf, type WatchJob } from '../jobs.ts'
import { acquiringMigrations } from './migrations.ts'

/** The next job of this process, or the time to wait for one. */
export type Claim =
  | { readonly job: WatchJob }
  | {
      readonly job: undefined
      /** true: no job is due yet. false: a job is due, but the next call must wait `waitMs` for its slot. */
      readonly idle: boolean
      readonly waitMs: number
    }

/** State of a job; times in milliseconds. */
export interface JobState {
  readonly job: WatchJob
  /** Time since its last answer, or since it was added if it has none yet. */
  readonly ageMs: number
  readonly fetched: boolean
  readonly done: number
  /** Number of answers that came too late for the promise. */
  readonly late: number
  readonly failures: number
  readonly problem: string | null
}

const SYNC = `
with wanted as (
  select (j->>'key') as job, j as spec, (j->>'rank')::smallint as priority, (j->>'maxAgeMs')::float8 * interval '1 ms' as max_age
  from jsonb_array_elements($1::jsonb) j),
gone as (delete from acquiring_jobs where job not in (select job from wanted))
insert into acquiring_jobs as known (job, spec, priority, max_age, due_at, deadline)
select job, spec, priority, max_age, clock_timestamp(), clock_timestamp() + max_age from wanted order by job
on conflict (job) do update set spec = excluded.spec, priority = excluded.priority, max_age = excluded.max_age,
  due_at = case when known.max_age = excluded.max_age then known.due_at
    else coalesce(known.fetched_at + $2 * excluded.max_age, known.due_at) end,
  deadline = coalesce(known.fetched_at, known.added_at) + excluded.max_age`

const DONE = `
update acquiring_jobs set leased_by = null, fetched_at = answered, due_at = answered + $4 * max_age, deadline = answered + max_age,
  failures = 0, problem = $5, done = done + 1, late = late + (answered > deadline)::int
from (select clock_timestamp() - $3 * interval '1 ms' as answered) a where job = $1 and leased_by = $2`

/** Retries after half a minute, doubled after each further failure, and at most the promised age. */
const FAILED = `
update acquiring_jobs set leased_by = null, failures = failures + 1, problem = $3,
  due_at = clock_timestamp() + least(max_age, interval '30 s' * power(2, least(failures, 10)))
where job = $1 and leased_by = $2`

const STATES = `
select spec, extract(epoch from clock_timestamp() - coalesce(fetched_at, added_at)) * 1000 as age_ms, fetched_at is not null as fetched,
  done::int, late::int, failures, problem from acquiring_jobs order by job`

/**
 * The watched jobs in the store, which all its processes share. A job belongs to the process that claimed it until it is done, failed or
 * given back, or the process dies.
 */
export class WatchTable implements AsyncDisposable {
  readonly #pool: Pool
  readonly #holder: string
  readonly #liveness: Liveness

  private constructor(pool: Pool, holder: string, liveness: Liveness) {
    this.#pool = pool
    this.#holder = holder
    this.#liveness = liveness
  }

  /** @param session holds a connection for as long as the table is open */
  static async open(pool: Pool, session: Pool): Promise<WatchTable> {
    await migrate(pool, { component: 'acquiring', files: acquiringMigrations })
    const holder = randomUUID()
    return new WatchTable(pool, holder, await Liveness.open(session, holder))
  }

  /** Replaces the watched jobs. */
  async sync(jobs: readonly WatchJob[]): Promise<void> {
    const ranked = jobs.map((job) => ({ ...job, rank: rankOf(job.priority) }))
    await this.#pool.query(SYNC, [JSON.stringify(ranked), READY_AT])
  }

  async claim(spacingMs: number): Promise<Claim> {
    const { rows } = await this.#pool.query<{ spec: WatchJob | null; wait_ms: number | null; idle: boolean }>(
      "select * from acquiring_claim($1, $2 * interval '1 ms')",
      [this.#holder, spacingMs],
    )
    const [row] = rows
    if (row?.spec) return { job: row.spec }
    return { job: undefined, idle: row?.idle ?? true, waitMs: Math.max(0, row?.wait_ms ?? Number.POSITIVE_INFINITY) }
  }

  /** @param agoMs how long ago its answer came */
  async done({ key }: WatchJob, agoMs: number, problem?: string): Promise<void> {
    await this.#pool.query(DONE, [key, this.#holder, agoMs, READY_AT, problem ?? null])
  }

  async failed({ key }: WatchJob, problem: string): Promise<void> {
    await this.#pool.query(FAILED, [key, this.#holder, problem.slice(0, 500)])
  }

  async giveBack({ key }: WatchJob): Promise<void> {
    await this.#pool.query('update acquiring_jobs set leased_by = null where job = $1 and leased_by = $2', [key, this.#holder])
  }

  /** Stops all processes from starting a call for this long. */
  async rest(ms: number): Promise<void> {
    await this.#pool.query("update acquiring_pace set next_at = greatest(next_at, clock_timestamp() + $1 * interval '1 ms')", [
      ms,
    ])
  }

  /** Gives back the jobs of dead processes. */
  async freeDead(): Promise<void> {
    const { rows } = await this.#pool.query<{ id: string }>(
      'select distinct leased_by as id from acquiring_jobs where leased_by is not null and leased_by <> $1',
      [this.#holder],
    )
    const dead = await this.#liveness.dead(rows.map(({ id }) => id))
    if (dead.size > 0) await this.#pool.query('update acquiring_jobs set leased_by = null where leased_by = any($1)', [[...dead]])
  }

  async states(): Promise<readonly JobState[]> {
    type Row = Omit<JobState, 'job' | 'ageMs'> & { readonly spec: WatchJob; readonly age_ms: string }
    const { rows } = await this.#pool.query<Row>(STATES)
    return rows.map(({ spec: job, age_ms, ...row }) => ({ job, ageMs: Number(age_ms), ...row }))
  }

  close(): Promise<void> {
    return this.#liveness.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
