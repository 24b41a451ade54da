import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { ChangeListener, type Pool } from '../../../base/database/index.ts'
import { type Logger, type PartHealth, toQiError } from '../../../base/types/index.ts'
import {
  beat,
  deliveryName,
  endBeat,
  forgetGroup,
  groupOf,
  keepGroup,
  knownGroups,
  PIPELINE_CHANNEL,
  type PipelineSnapshot,
  type PipelineStore,
  topicSink,
} from '../../pipelines/index.ts'
import type { Deliveries, DeliveryRequest } from '../deliveries/Deliveries.ts'
import type { Engines } from '../Engines.ts'
import type { Pipelines } from './Pipelines.ts'
import { type PlannedDelivery, planned } from './plan.ts'

export interface PipelineRunnerOptions {
  readonly pipelines: Pipelines
  readonly deliveries: Deliveries
  readonly engines: Pick<Engines, 'store' | 'stream' | 'catalogue'>
  readonly logger: Logger
  /** Partitions of a topic that is created. */
  readonly partitions: number
}

/** Milliseconds between two heartbeats of a process. */
const BEAT_MS = 10_000
/** Longest that a stop waits for the database, in milliseconds. */
const STOP_MS = 1_000

/**
 * Runs the deployed pipelines: reads them from the store at each change, by whatever process, and starts, stops and resumes the deliveries
 * of this process accordingly. While the store is away everything runs on; the next reading catches up.
 */
export class PipelineRunner {
  readonly #options: PipelineRunnerOptions
  readonly #running = new Map<string, { readonly plan: string; readonly request: DeliveryRequest }>()
  readonly #process = randomUUID()
  #store: PipelineStore | undefined
  #pool: Pool | undefined
  #listener: ChangeListener | undefined
  #beating: NodeJS.Timeout | undefined
  /** Id of the newest resumption that was carried out. */
  #lastResumption: bigint | undefined
  /** The reading under way: one at a time. */
  #syncing: Promise<void> | undefined
  /** True if something has changed since the last reading began. */
  #changed = false
  #stopped = false
  #health: readonly Omit<PartHealth, 'since'>[] = []

  constructor(options: PipelineRunnerOptions) {
    this.#options = options
  }

  /** Starts the deployed pipelines and follows every change from then on. @throws QiError if the store cannot be read */
  async start(): Promise<void> {
    const { pipelines, engines, logger } = this.#options
    const { store } = engines
    this.#store = await pipelines.store()
    await this.#beat()
    this.#sync()
    await this.#syncing
    this.#pool = store.createPool({ max: 1, applicationName: 'qicore pipelines' })
    this.#listener = new ChangeListener({ pool: this.#pool, channel: PIPELINE_CHANNEL, onChange: () => this.#sync(), logger })
    this.#beating = setInterval(() => void this.#beat(), BEAT_MS)
    this.#beating.unref()
  }

  /** Health of each deployed pipeline: up, or the reason why some delivery cannot run here. Running deliveries are parts of their own. */
  health(): readonly Omit<PartHealth, 'since'>[] {
    return this.#health
  }

  /** Stops following changes, within a second even if the database does not answer. Deliveries go on until the platform stops them. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (!this.#store) return
    clearInterval(this.#beating)
    const { pool } = this.#options.engines.store
    const stopping = Promise.all([this.#listener?.close(), this.#syncing, endBeat(pool, this.#process)])
    await Promise.race([stopping.catch(() => {}), setTimeout(STOP_MS, undefined, { ref: false })])
  }

  async #beat(): Promise<void> {
    const { engines, deliveries, logger } = this.#options
    const destinations = Object.fromEntries([...deliveries.destinations.values()].map(({ name, type }) => [name, type.name]))
    try {
      await beat(engines.store.pool, { id: this.#process, host: hostname(), pid: process.pid, destinations })
    } catch (error) {
      logger.debug({ err: error }, 'the heartbeat of this process could not be recorded')
    }
  }

  /** Reads what is deployed; a change during one reading leads to another after it. */
  #sync(): void {
    this.#changed = true
    this.#syncing ??= this.#syncAll().finally(() => {
      this.#syncing = undefined
    })
  }

  async #syncAll(): Promise<void> {
    while (this.#changed && !this.#stopped) {
      this.#changed = false
      try {
        if (this.#store) await this.#reconcile(await this.#store.snapshot())
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'deployed pipelines could not be read; trying again')
      }
    }
  }

  async #reconcile(snapshot: PipelineSnapshot): Promise<void> {
    const { engines, deliveries, partitions } = this.#options
    const { catalogue, stream } = engines
    catalogue.declare(snapshot.topics)
    const { wanted, problems } = planned(snapshot, new Set(deliveries.destinations.keys()))
    const topics = [...new Set(wanted.flatMap(({ reads, writes }) => [...reads, ...(writes ? [writes.topic] : [])]))]
    if (topics.length > 0) await stream.createTopics(topics, { partitions })
    const byName = new Map(wanted.map((one) => [deliveryName(one), one]))
    for (const [name, { plan, request }] of this.#running)
      if (JSON.stringify(byName.get(name)) !== plan) {
        await deliveries.stop(request)
        this.#running.delete(name)
      }
    await this.#deleteGroups(wanted)
    const refused = [...byName].flatMap(([name, one]) => (this.#running.has(name) ? [] : this.#start(name, one)))
    this.#note([...problems, ...refused], snapshot)
    this.#resume(snapshot)
  }

  /**
   * Deletes the groups of deleted pipelines. A group that still has members in another process is tried again at the next reading. The
   * group of a pipeline that was deployed again meanwhile stays.
   */
  async #deleteGroups(wanted: readonly PlannedDelivery[]): Promise<void> {
    const { engines, logger } = this.#options
    const { stream, store } = engines
    for (const { name } of (await knownGroups(store.pool)).filter(({ deleted }) => deleted))
      try {
        await stream.deleteGroup(name).catch((error: unknown) => {
          if (toQiError(error).code !== 'NOT_FOUND') throw error
        })
        await forgetGroup(store.pool, name)
      } catch (error) {
        logger.debug({ group: name, err: error }, 'the group of a deleted pipeline could not be deleted yet')
        if (toQiError(error).code === 'CONFLICT' && wanted.some((one) => groupOf(one) === name)) await keepGroup(store.pool, name)
      }
  }

  /** Starts one delivery. @returns the problem if it cannot be started; the others run on */
  #start(name: string, one: PlannedDelivery): Omit<PartHealth, 'since'>[] {
    const { deliveries, engines } = this.#options
    const { catalogue, stream } = engines
    const { pipeline, destination, reads, settings, writes } = one
    const type = writes && catalogue.typeOf(writes.topic)
    const request: DeliveryRequest = {
      ...{ pipeline, destination, topics: reads, settings },
      ...(writes && type && { open: async () => topicSink({ stream, topic: writes.topic, type }) }),
    }
    try {
      deliveries.start(request)
    } catch (error) {
      const { code, message } = toQiError(error)
      const action = `deploy a version of ${pipeline} without it, or change qicore.yaml`
      return [{ name: `pipeline ${pipeline}`, status: 'degraded', summary: message, code, action }]
    }
    this.#running.set(name, { plan: JSON.stringify(one), request })
    return []
  }

  /** Updates the health. A deleted pipeline that was degraded is reported up once, which ends its outage. */
  #note(problems: readonly Omit<PartHealth, 'since'>[], { pipelines }: PipelineSnapshot): void {
    const names = pipelines.map(({ name }) => `pipeline ${name}`)
    const over = this.#health.filter(({ name, status }) => status !== 'up' && !names.includes(name)).map(({ name }) => name)
    this.#health = [...names, ...over].map((name) => {
      const state = over.includes(name) ? 'is no longer deployed' : 'is deployed'
      return problems.find((one) => one.name === name) ?? { name, status: 'up', summary: state }
    })
  }

  /** Resumes the deliveries that were asked for since the last reading. Requests from before the start are void: everything has just been started. */
  #resume({ resumptions }: PipelineSnapshot): void {
    const { deliveries } = this.#options
    const seen = this.#lastResumption
    this.#lastResumption = resumptions.reduce((most, { id }) => (id > most ? id : most), seen ?? 0n)
    if (seen === undefined) return
    const fresh = resumptions.filter(({ id }) => id > seen)
    for (const { name, pipeline, destination } of deliveries.stats())
      if (fresh.some((one) => one.name === pipeline && (one.output === undefined || one.output === destination)))
        deliveries.resume(name)
  }
}
