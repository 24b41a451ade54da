import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import {
  ChangeListener,
  errorMessage,
  type Logger,
  type PartHealth,
  type Pool,
  type Store,
  type Stream,
  type TopicCatalogue,
  toQiError,
} from '../../../base/index.ts'
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
import type { Deliveries, DeliveryRequest } from '../Deliveries.ts'
import type { Pipelines } from './Pipelines.ts'
import { type PlannedDelivery, planned } from './plan.ts'

export interface PipelineRunnerOptions {
  readonly pipelines: Pipelines
  readonly deliveries: Deliveries
  readonly catalogue: TopicCatalogue
  readonly store: Pick<Store, 'pool' | 'createPool'>
  readonly stream: Stream
  readonly logger: Logger
  /** Partitions of a topic that is created. */
  readonly partitions: number
}

/** How often a process says that it runs, in milliseconds. */
const BEAT_MS = 10_000
/** How long closing may take, in milliseconds. */
const CLOSE_MS = 1_000

/**
 * Runs what is deployed: starts, stops and resumes the deliveries of this process as the store says, whoever changed it. A store that is
 * away changes nothing; the next look makes up for it.
 */
export class PipelineRunner {
  readonly #options: PipelineRunnerOptions
  readonly #running = new Map<string, { readonly plan: string; readonly request: DeliveryRequest }>()
  readonly #process = randomUUID()
  #store: PipelineStore | undefined
  #pool: Pool | undefined
  #listener: ChangeListener | undefined
  #beating: NodeJS.Timeout | undefined
  #resumed: bigint | undefined
  #looking: Promise<void> | undefined
  #again = false
  #closed = false
  #health: readonly Omit<PartHealth, 'since'>[] = []

  constructor(options: PipelineRunnerOptions) {
    this.#options = options
  }

  /** Starts what is deployed, and follows the changes from then on. @throws QiError where the store cannot be read */
  async start(): Promise<void> {
    const { pipelines, store, logger } = this.#options
    this.#store = await pipelines.store()
    await this.#beat()
    this.#look()
    await this.#looking
    this.#pool = store.createPool({ max: 1, applicationName: 'qicore pipelines' })
    this.#listener = new ChangeListener({ pool: this.#pool, channel: PIPELINE_CHANNEL, onChange: () => this.#look(), logger })
    this.#beating = setInterval(() => void this.#beat(), BEAT_MS)
    this.#beating.unref()
  }

  /** Each deployed pipeline: up, or the reason why a part of it cannot run here. Its deliveries are parts of their own. */
  health(): readonly Omit<PartHealth, 'since'>[] {
    return this.#health
  }

  /** Follows no longer. The deliveries go on until the platform stops them. A database that gives no answer holds up no stop. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#beating)
    const closing = Promise.all([this.#listener?.close(), this.#looking, endBeat(this.#options.store.pool, this.#process)])
    await Promise.race([closing.catch(() => {}), setTimeout(CLOSE_MS, undefined, { ref: false })])
  }

  async #beat(): Promise<void> {
    const { store, deliveries, logger } = this.#options
    const destinations = Object.fromEntries([...deliveries.destinations.values()].map(({ name, type }) => [name, type.name]))
    try {
      await beat(store.pool, { id: this.#process, host: hostname(), pid: process.pid, destinations })
    } catch (error) {
      logger.debug({ error: errorMessage(error) }, 'the store could not be told that this process runs pipelines')
    }
  }

  /** One look at a time; a change during it is looked at after it. */
  #look(): void {
    this.#again = true
    this.#looking ??= this.#lookOn().finally(() => {
      this.#looking = undefined
    })
  }

  async #lookOn(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false
      try {
        if (this.#store) await this.#reconcile(await this.#store.snapshot())
      } catch (error) {
        this.#options.logger.warn({ error: errorMessage(error) }, 'deployed pipelines could not be looked up; trying again')
      }
    }
  }

  async #reconcile(snapshot: PipelineSnapshot): Promise<void> {
    const { catalogue, deliveries, stream, partitions } = this.#options
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
   * Deletes the groups of deleted pipelines. Where members of another process live on, the next look tries again; of a pipeline that
   * was deployed anew meanwhile the group stays.
   */
  async #deleteGroups(wanted: readonly PlannedDelivery[]): Promise<void> {
    const { stream, store, logger } = this.#options
    for (const { name } of (await knownGroups(store.pool)).filter(({ deleted }) => deleted))
      try {
        await stream.deleteGroup(name).catch((error: unknown) => {
          if (toQiError(error).code !== 'NOT_FOUND') throw error
        })
        await forgetGroup(store.pool, name)
      } catch (error) {
        logger.debug({ group: name, error: errorMessage(error) }, 'the group of a deleted pipeline could not be deleted yet')
        if (toQiError(error).code === 'CONFLICT' && wanted.some((one) => groupOf(one) === name)) await keepGroup(store.pool, name)
      }
  }

  /** A delivery that cannot be started costs no other. */
  #start(name: string, one: PlannedDelivery): Omit<PartHealth, 'since'>[] {
    const { deliveries, catalogue, stream } = this.#options
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

  /** One that was unwell and is deleted is up once more, so that its outage ends. */
  #note(problems: readonly Omit<PartHealth, 'since'>[], { pipelines }: PipelineSnapshot): void {
    const names = pipelines.map(({ name }) => `pipeline ${name}`)
    const over = this.#health.filter(({ name, status }) => status !== 'up' && !names.includes(name)).map(({ name }) => name)
    this.#health = [...names, ...over].map((name) => {
      const state = over.includes(name) ? 'is no longer deployed' : 'is deployed'
      return problems.find((one) => one.name === name) ?? { name, status: 'up', summary: state }
    })
  }

  /** Wishes from before the start are over: everything has just been tried. */
  #resume({ resumptions }: PipelineSnapshot): void {
    const { deliveries } = this.#options
    const seen = this.#resumed
    this.#resumed = resumptions.reduce((most, { id }) => (id > most ? id : most), seen ?? 0n)
    if (seen === undefined) return
    const fresh = resumptions.filter(({ id }) => id > seen)
    for (const { name, pipeline, destination } of deliveries.stats())
      if (fresh.some((one) => one.name === pipeline && (one.output === undefined || one.output === destination)))
        deliveries.resume(name)
  }
}
