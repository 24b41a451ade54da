import { randomUUID } from 'node:crypto'
import { setTimeout as timer } from 'node:timers/promises'
import { lockKeys, migrate, type Pool, type PoolClient, withClient } from '../../database/index.ts'
import { abortable } from '../../networking/index.ts'
import { type Logger, QiError, silentLogger, toQiError } from '../../types/index.ts'
import { agentMigrations } from '../effects.ts'
import { shapeOf } from '../workflow/find.ts'
import { newRunId } from '../workflow/ids.ts'
import { checkedInput } from '../workflow/input.ts'
import type { Decision, Lane, LaneResult } from '../workflow/journal.ts'
import type { Workflow } from '../workflow/model.ts'
import { questionOf } from '../workflow/questions.ts'
import { runLane, runWorkflow, type Scope } from '../workflow/run.ts'
import type { Run, RunOptions, RunStatus, WorkflowRunner } from '../workflow/runner.ts'
import { DurableJournal } from './DurableJournal.ts'
import { type Carrier, type Functions, LANE, library, loggerFor, RUN, take } from './dbos.ts'
import { Liveness } from './liveness.ts'
import { questionsOf, revivedError, viewOf } from './views.ts'

export interface DurableRunnerOptions {
  /** A pool on the store for the runner alone. Two connections are held, so it needs at least five. The creator closes it. */
  readonly pool: Pool
  /** The workflows that this process can run, and take over from another. */
  readonly workflows: readonly Workflow[]
  readonly logger?: Logger
  /** True: only lists, answers and cancels runs; runs none and takes none over. Default false. */
  readonly observing?: boolean
  /** Interval of the search for runs of killed processes, in milliseconds. Default 2,000. */
  readonly lookMs?: number
  /** Days for which ended runs are kept. Default 30. */
  readonly keepDays?: number
}

/**
 * Serializes launches: DBOS creates its tables then, and of two concurrent launches one fails. Polls, because a statement that waits for
 * the lock would block CREATE INDEX CONCURRENTLY, which runs under it.
 */
async function lockLaunch(client: PoolClient, keys: readonly number[]): Promise<void> {
  const locked = async () => (await client.query('select pg_try_advisory_lock($1, $2) as locked', [...keys])).rows[0]?.locked
  while (!(await locked())) await timer(50)
}

const CLEAN_MS = 3_600_000

/**
 * Runs workflows on PostgreSQL, by DBOS. Each finished step is recorded. The run of a killed process resumes from there in another
 * process with the same steps: at once if one is alive, else at the next start. One per process.
 */
export class DurableRunner implements WorkflowRunner, Carrier {
  readonly durable = true
  readonly #pool: Pool
  readonly #logger: Logger
  readonly #workflows: ReadonlyMap<string, Workflow>
  readonly #version: string
  readonly #closing = new AbortController()
  readonly #executor = randomUUID()
  readonly #keepMs: number
  #functions!: Functions
  #liveness!: Liveness
  /** Keys of the advisory lock for takeovers, so that two processes do not take the same run. */
  #takeover: readonly number[] = []
  #looking: Promise<void> = Promise.resolve()
  /** Executors that held no lock at the last search. */
  #missed: ReadonlySet<string> = new Set()
  #closed: Promise<void> | undefined
  #giveBack: () => void = () => {}

  private constructor({ pool, logger = silentLogger, workflows, keepDays = 30 }: DurableRunnerOptions) {
    this.#pool = pool
    this.#logger = logger
    this.#workflows = new Map(workflows.map((workflow) => [workflow.name, workflow]))
    this.#version = shapeOf(workflows)
    this.#keepMs = keepDays * 86_400_000
  }

  /** @throws QiError CONFLICT if this process has one already, UNAVAILABLE without the store */
  static async open(options: DurableRunnerOptions): Promise<DurableRunner> {
    const runner = new DurableRunner(options)
    runner.#giveBack = take(runner)
    try {
      await migrate(options.pool, { component: 'agents', files: agentMigrations })
      runner.#liveness = await Liveness.open(options.pool, runner.#executor)
      runner.#functions = await library()
      const { dbos } = runner.#functions
      dbos.setConfig({
        name: 'qicore',
        systemDatabasePool: options.pool,
        executorID: runner.#executor,
        applicationVersion: options.observing ? 'observing' : runner.#version,
        logger: loggerFor(runner.#logger),
      })
      await withClient(options.pool, async (client) => {
        const { launch, takeover } = (await lockKeys(client)).single
        runner.#takeover = takeover
        await lockLaunch(client, launch)
        await dbos.launch().finally(() => client.query('select pg_advisory_unlock($1, $2)', [...launch]))
      })
    } catch (error) {
      await runner.#liveness?.close()
      runner.#giveBack()
      throw toQiError(error)
    }
    if (!options.observing) runner.#looking = runner.#look(options.lookMs ?? 2000)
    return runner
  }

  async start<I, O>(workflow: Workflow<I, O>, input: I, { id = newRunId(workflow.name) }: RunOptions = {}): Promise<Run<O>> {
    if (this.#closing.signal.aborted) throw new QiError('CLOSED', `${workflow.name}: the runner is closed`)
    if (!this.#workflows.has(workflow.name))
      throw new QiError(
        'NOT_FOUND',
        `${workflow.name}: this runner knows ${[...this.#workflows.keys()].join(', ') || 'no workflow'}`,
      )
    const value = checkedInput(workflow, input)
    const { dbos, run } = this.#functions
    const handle = await dbos.startWorkflow(run, { workflowID: id, workflowAttributes: { workflow: workflow.name } })(
      workflow.name,
      value,
    )
    const result = abortable(handle.getResult(), this.#closing.signal).catch((error: unknown) => {
      throw this.#closing.signal.aborted ? new QiError('CLOSED', `${id} goes on at the next start`) : revivedError(error)
    })
    result.catch(() => {}) // not unhandled: callers may only look at the status
    return { id, result: result as Promise<O> }
  }

  async status(id: string): Promise<RunStatus | undefined> {
    const [found] = await this.#list({ workflowIDs: [id] })
    return found
  }

  list({ limit = 50, workflow }: { readonly limit?: number; readonly workflow?: string } = {}): Promise<readonly RunStatus[]> {
    return this.#list({
      workflowName: RUN,
      limit,
      sortDesc: true,
      ...(workflow !== undefined && { attributes: { workflow } }),
    })
  }

  async decide(id: string, decision: Decision, step?: string): Promise<void> {
    const { dbos } = this.#functions
    if (!(await dbos.getWorkflowStatus(id))) throw new QiError('NOT_FOUND', `there is no run ${id}`)
    const asked = await questionsOf(dbos, id)
    const { step: found } = questionOf(id, asked, step)
    const { workflow } = asked.find((question) => question.step === found) as (typeof asked)[number]
    await dbos.send(workflow, decision, found)
  }

  async cancel(id: string): Promise<void> {
    const { dbos } = this.#functions
    if (!(await dbos.getWorkflowStatus(id))) throw new QiError('NOT_FOUND', `there is no run ${id}`)
    await dbos.cancelWorkflow(id, { cancelChildren: true })
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async run(workflow: string, input: unknown): Promise<unknown> {
    const id = this.#functions.dbos.workflowID as string
    return this.#carry(workflow, id, (scope) => runWorkflow(scope, input))
  }

  async lane(workflow: string, run: string, lane: Lane): Promise<LaneResult> {
    return this.#carry(workflow, run, (scope) => runLane(scope, lane))
  }

  async #carry<T>(name: string, run: string, work: (scope: Scope) => Promise<T>): Promise<T> {
    const workflow = this.#workflows.get(name)
    if (!workflow) throw new QiError('NOT_FOUND', `this program has no workflow ${name}`)
    const journal = new DurableJournal({
      functions: this.#functions,
      pool: this.#pool,
      workflow: name,
      run,
      closing: this.#closing.signal,
    })
    try {
      const result = await work({ workflow, journal, logger: this.#logger })
      if (journal.stopped !== undefined) throw journal.stopped
      return result
    } catch (error) {
      throw journal.stopped ?? error
    }
  }

  async #list(input: Parameters<Functions['dbos']['listWorkflows']>[0]): Promise<readonly RunStatus[]> {
    const { dbos } = this.#functions
    const found = await dbos.listWorkflows(input)
    const others = found.filter(({ applicationVersion }) => applicationVersion !== this.#version)
    const dead = await this.#liveness.dead([...new Set(others.map(({ executorId }) => executorId ?? ''))])
    return Promise.all(found.map((one) => viewOf(dbos, one, others.includes(one) && dead.has(one.executorId ?? ''))))
  }

  async #look(everyMs: number): Promise<void> {
    let cleaned = 0
    while (!this.#closing.signal.aborted) {
      try {
        await this.#takeOver()
        if (Date.now() - cleaned > CLEAN_MS) {
          await this.#clean()
          cleaned = Date.now()
        }
      } catch (error) {
        if (!this.#closing.signal.aborted)
          this.#logger.warn({ err: toQiError(error) }, 'cannot look for runs to take over; trying again')
      }
      await timer(everyMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
    }
  }

  /** Resumes the runs of dead processes. */
  async #takeOver(): Promise<void> {
    const { dbos } = this.#functions
    await withClient(this.#pool, async (client) => {
      await client.query('begin')
      try {
        const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1, $2) as got', [
          ...this.#takeover,
        ])
        if (!rows[0]?.got) return
        const pending = await dbos.listWorkflows({
          status: 'PENDING',
          applicationVersion: this.#version,
          workflowName: [RUN, LANE],
          loadInput: false,
          loadOutput: false,
        })
        const others = pending.filter(({ executorId }) => executorId !== this.#executor)
        const dead = await this.#liveness.dead([...new Set(others.map(({ executorId }) => executorId ?? ''))])
        // Dead only if it was so at the last search too: a process that lost its connection, as in a restart of the database, locks again.
        const gone = new Set([...dead].filter((executor) => this.#missed.has(executor)))
        this.#missed = dead
        const ids = others.filter(({ executorId }) => gone.has(executorId ?? '')).map(({ workflowID }) => workflowID)
        if (ids.length === 0) return
        this.#logger.info({ runs: ids }, 'going on with runs of a process that has ended')
        await dbos.resumeWorkflows(ids)
      } finally {
        await client.query('commit')
      }
    })
  }

  /** Deletes old ended runs and their recorded effects. */
  async #clean(): Promise<void> {
    const { dbos } = this.#functions
    const completedBefore = new Date(Date.now() - this.#keepMs).toISOString()
    for (;;) {
      const old = await dbos.listWorkflows({
        workflowName: RUN,
        completedBefore,
        limit: 500,
        loadInput: false,
        loadOutput: false,
      })
      if (old.length === 0) return
      const ids = old.map(({ workflowID }) => workflowID)
      await this.#pool.query('delete from workflow_effects where run = any($1)', [ids])
      await dbos.deleteWorkflows(ids, true)
    }
  }

  async #close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', 'the runner was closed'))
    await this.#looking
    await this.#functions.dbos.shutdown()
    await this.#liveness.close()
    this.#giveBack()
  }
}
