import { createHash } from 'node:crypto'
import { migrate, type Pool, type PoolClient, withClient } from '../../../base/database/index.ts'
import { QiError, suggest } from '../../../base/types/index.ts'
import type { TopicOutput } from '../declare/index.ts'
import { markDeleted, type PipelineGroup } from './groups.ts'
import { pipelineMigrations } from './migrations.ts'
import type { DeployedPipeline, DeployOutcome, PipelineEvent, PipelineSnapshot, PipelineState, PipelineVersion } from './model.ts'
import {
  DEPLOYED,
  type DeployedRow,
  deployedOf,
  type EventRow,
  eventOf,
  millis,
  type ResumptionRow,
  resumptionOf,
  type TopicRow,
  topicsOf,
  VERSION_COLUMNS,
  type VersionRow,
  versionOf,
} from './rows.ts'

/** The PostgreSQL channel that announces each change of the pipelines. */
export const PIPELINE_CHANNEL = 'qicore_pipelines'

const TOPICS = 'select topic, record from pipeline_topics order by topic'

/** Versions and events that are kept of a pipeline, the newest. */
const KEPT = 1_000

/**
 * Checks a text against the deployed pipelines, under the lock that deploys take.
 * @returns the topics that it writes
 * @throws QiError where it cannot be deployed
 */
export type DeployCheck = (text: string, among: PipelineSnapshot) => readonly TopicOutput[]

export interface DeployRequest {
  readonly name: string
  readonly text: string
  /** The running version that this one replaces; 0 for a new pipeline. */
  readonly replaces: number
  readonly by: string
  readonly check: DeployCheck
}

const ready = new WeakSet<Pool>()

/**
 * Deployed pipelines and their versions, in the store's PostgreSQL. Each change is a transaction under one lock, so processes that deploy
 * at the same time never contradict each other, and is announced on {@link PIPELINE_CHANNEL}.
 */
export class PipelineStore {
  readonly #pool: Pool

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Creates its tables unless they exist. @throws QiError */
  static async open(pool: Pool): Promise<PipelineStore> {
    if (!ready.has(pool)) await migrate(pool, pipelineMigrations)
    ready.add(pool)
    return new PipelineStore(pool)
  }

  snapshot(): Promise<PipelineSnapshot> {
    return withClient(this.#pool, snapshot)
  }

  /** Topics that pipelines write or wrote, with their record types. */
  async topics(): Promise<PipelineSnapshot['topics']> {
    return topicsOf(await this.#rows<TopicRow>(TOPICS))
  }

  /** @throws QiError NOT_FOUND */
  async find(name: string): Promise<DeployedPipeline> {
    return deployedOf(found(await this.#rows<DeployedRow>(`${DEPLOYED} where p.name = $1`, [name]), name, await this.#names()))
  }

  /** @throws QiError NOT_FOUND */
  async version(name: string, version: number): Promise<PipelineVersion> {
    const rows = await this.#rows<VersionRow>(
      `select ${VERSION_COLUMNS} from pipeline_versions where name = $1 and version = $2`,
      [name, version],
    )
    const [row] = rows
    if (row) return versionOf(row)
    const { version: current } = await this.find(name)
    throw noVersion(name, version, current)
  }

  /** Newest first. */
  async history(name: string, limit: number): Promise<readonly PipelineEvent[]> {
    const rows = await this.#rows<EventRow>(
      `select ${millis('at')} as at, event, version, output, by from pipeline_history where name = $1 order by id desc limit $2`,
      [name, limit],
    )
    return rows.map(eventOf)
  }

  /**
   * Makes a text the running version. The text that runs already changes nothing.
   * @throws QiError CONFLICT where the running version is not the one that this replaces; the errors of the check
   */
  deploy({ name, text, replaces, by, check }: DeployRequest): Promise<DeployOutcome> {
    return this.#change(async (client) => {
      const among = await snapshot(client)
      const current = among.pipelines.find((pipeline) => pipeline.name === name)
      if (current?.text === text) return { version: current.version, changed: false }
      if ((current?.version ?? 0) !== replaces) throw replacedMeanwhile(name, replaces, current)
      const topics = check(text, among)
      const { rows } = await client.query<{ version: number }>(
        'select coalesce(max(version), 0) + 1 as version from pipeline_history where name = $1',
        [name],
      )
      const version = rows[0]?.version ?? 1
      await client.query(
        `insert into pipelines (name, version, state) values ($1, $2, 'running') on conflict (name) do update set version = $2`,
        [name, version],
      )
      await client.query('insert into pipeline_versions (name, version, text, sha256, deployed_by) values ($1, $2, $3, $4, $5)', [
        name,
        version,
        text,
        createHash('sha256').update(text).digest('hex'),
        by,
      ])
      await keepTopics(client, name, topics)
      await note(client, { name, event: 'deployed', version, by })
      return { version, changed: true }
    })
  }

  /**
   * Makes an earlier version the running one.
   * @throws QiError NOT_FOUND; CONFLICT as {@link deploy}; the errors of the check
   */
  rollback({ name, version, ...request }: Omit<DeployRequest, 'text'> & { readonly version: number }): Promise<DeployOutcome> {
    return this.#change(async (client) => {
      const among = await snapshot(client)
      const current = found(
        among.pipelines.filter((pipeline) => pipeline.name === name),
        name,
        among.pipelines.map((pipeline) => pipeline.name),
      )
      if (current.version === version) return { version, changed: false }
      if (current.version !== request.replaces) throw replacedMeanwhile(name, request.replaces, current)
      const { rows } = await client.query<{ text: string }>(
        'select text from pipeline_versions where name = $1 and version = $2',
        [name, version],
      )
      const [row] = rows
      if (!row) throw noVersion(name, version, current.version)
      const topics = request.check(row.text, among)
      await client.query('update pipelines set version = $2 where name = $1', [name, version])
      await keepTopics(client, name, topics)
      await note(client, { name, event: 'rolled_back', version, by: request.by })
      return { version, changed: true }
    })
  }

  /** @returns false where the pipeline has that state already. @throws QiError NOT_FOUND */
  setState(name: string, state: PipelineState, by: string): Promise<boolean> {
    return this.#change(async (client) => {
      const { rows } = await client.query<{ state: PipelineState }>('select state from pipelines where name = $1', [name])
      if (found(rows, name, await names(client)).state === state) return false
      await client.query('update pipelines set state = $2 where name = $1', [name, state])
      await note(client, { name, event: state === 'running' ? 'resumed' : 'stopped', by })
      return true
    })
  }

  /** Resumes the parked deliveries of a pipeline in every process: of all outputs, or of one. */
  resume(name: string, output: string | undefined, by: string): Promise<void> {
    return this.#change((client) => note(client, { name, event: 'resumed', ...(output !== undefined && { output }), by }))
  }

  /**
   * Deletes a pipeline with its versions, and marks its consumer groups to be deleted. Its history stays.
   * @param check returns its groups; throws where another pipeline needs it
   * @throws QiError NOT_FOUND
   */
  delete(name: string, by: string, check: (among: PipelineSnapshot) => readonly PipelineGroup[]): Promise<void> {
    return this.#change(async (client) => {
      const among = await snapshot(client)
      const { version } = found(
        among.pipelines.filter((pipeline) => pipeline.name === name),
        name,
        among.pipelines.map((pipeline) => pipeline.name),
      )
      await markDeleted(client, name, check(among))
      await client.query('delete from pipelines where name = $1', [name])
      await note(client, { name, event: 'deleted', version, by })
    })
  }

  async #names(): Promise<string[]> {
    return (await this.#rows<{ name: string }>('select name from pipelines order by name')).map(({ name }) => name)
  }

  #rows<R>(sql: string, values: unknown[] = []): Promise<R[]> {
    return withClient(this.#pool, async (client) => (await client.query(sql, values)).rows as R[])
  }

  /** One change at a time over all processes, so the state that a change was checked against holds until it is committed. */
  #change<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return withClient(this.#pool, async (client) => {
      await client.query('begin')
      try {
        await client.query('lock table pipelines in share row exclusive mode')
        const result = await work(client)
        await client.query('select pg_notify($1, $2)', [PIPELINE_CHANNEL, ''])
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback').catch(() => {})
        throw error
      }
    })
  }
}

async function snapshot(client: PoolClient): Promise<PipelineSnapshot> {
  const pipelines = await client.query<DeployedRow>(`${DEPLOYED} order by p.name`)
  const topics = await client.query<TopicRow>(TOPICS)
  const resumptions = await client.query<ResumptionRow>(
    "select max(id)::text as id, name, output from pipeline_history where event = 'resumed' group by name, output",
  )
  return {
    pipelines: pipelines.rows.map(deployedOf),
    topics: topicsOf(topics.rows),
    resumptions: resumptions.rows.map(resumptionOf),
  }
}

const names = async (client: PoolClient): Promise<string[]> =>
  (await client.query<{ name: string }>('select name from pipelines order by name')).rows.map(({ name }) => name)

async function keepTopics(client: PoolClient, pipeline: string, topics: readonly TopicOutput[]): Promise<void> {
  for (const { topic, record } of topics)
    await client.query(
      'insert into pipeline_topics (topic, record, pipeline) values ($1, $2, $3) on conflict (topic) do update set pipeline = $3',
      [topic, record, pipeline],
    )
}

interface Noted {
  readonly name: string
  readonly event: PipelineEvent['event']
  readonly version?: number
  readonly output?: string
  readonly by: string
}

async function note(client: PoolClient, { name, event, version, output, by }: Noted): Promise<void> {
  await client.query('insert into pipeline_history (name, event, version, output, by) values ($1, $2, $3, $4, $5)', [
    name,
    event,
    version ?? null,
    output ?? null,
    by,
  ])
  await client.query(
    `delete from pipeline_history where name = $1 and id <= (select id from pipeline_history where name = $1 order by id desc offset $2 limit 1)`,
    [name, KEPT],
  )
  await client.query(
    `delete from pipeline_versions v where name = $1 and version not in (select version from pipelines where name = $1)
      and version <= (select version from pipeline_versions where name = $1 order by version desc offset $2 limit 1)`,
    [name, KEPT],
  )
}

function found<T>(rows: readonly T[], name: string, known: readonly string[]): T {
  const [row] = rows
  if (row) return row
  const hint = suggest(name, known) || '; none is deployed: qicore pipeline deploy FILE'
  throw new QiError('NOT_FOUND', `no pipeline "${name.slice(0, 70)}" is deployed${hint}`, { field: 'name' })
}

const noVersion = (name: string, version: number, current: number): QiError =>
  new QiError(
    'NOT_FOUND',
    `pipeline ${name} has no version ${version}: version ${current} runs; qicore pipeline history ${name} lists the others`,
    { field: 'version' },
  )

function replacedMeanwhile(name: string, replaces: number, current: DeployedPipeline | undefined): QiError {
  const now = current
    ? `version ${current.version} runs, deployed by ${current.deployedBy} at ${new Date(current.deployedAt).toISOString()}`
    : 'it is not deployed'
  const meant = replaces === 0 ? 'a first version was to be deployed' : `version ${replaces} was to be replaced`
  return new QiError(
    'CONFLICT',
    `pipeline ${name}: ${meant}, and ${now}; look at it with qicore pipeline show ${name}, then deploy again`,
    {
      field: 'replaces',
    },
  )
}
