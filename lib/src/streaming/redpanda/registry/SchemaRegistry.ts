import {
  type CheckResult,
  type Logger,
  type QiError,
  type RecordType,
  retry,
  silentLogger,
  TopicCatalogue,
  toQiError,
} from '../../../base/index.ts'
import { frameOf } from '../../../base/types/wire/index.ts'
import { isConflict } from './errors.ts'
import { examine } from './examine.ts'
import { incompatible } from './incompatible.ts'
import { RegistryClient } from './RegistryClient.ts'
import { DEFAULT_LEVEL, recordSchemas, subjectOf } from './recordSchema.ts'
import type { SchemaRegistryConfig } from './SchemaRegistryConfig.ts'
import { Subjects } from './Subjects.ts'

export interface SchemaRegistryOptions {
  readonly logger?: Logger
  /** Record types of the topics; default those of the record types themselves. */
  readonly catalogue?: Pick<TopicCatalogue, 'typeOf'>
}

/** A passing failure is tried again some times here; who appends tries on for longer. */
const TRIES = { attempts: 3, baseMs: 200, maxMs: 2_000, peer: 'schema registry' } as const

/**
 * Registers the schemas of our record types and gives the frames of their messages. Before the first message of a topic the
 * compatibility of its subject is seen to and its schema registered, which the registry refuses where earlier versions forbid it.
 * A frame once given is kept: the registry may then go away. Readers have no need of any of it.
 */
export class SchemaRegistry implements AsyncDisposable {
  readonly #client: RegistryClient
  readonly #subjects: Subjects
  readonly #level: SchemaRegistryConfig['compatibility']
  readonly #logger: Logger
  readonly #catalogue: Pick<TopicCatalogue, 'typeOf'>
  readonly #frames = new Map<string, Promise<Uint8Array>>()
  readonly #refused = new Map<string, QiError>()

  /** Reaches nothing yet. @throws QiError CONFIG_INVALID */
  constructor(url: string, config: SchemaRegistryConfig, options: SchemaRegistryOptions = {}) {
    this.#client = new RegistryClient(url, config)
    this.#subjects = new Subjects(this.#client)
    this.#level = config.compatibility
    this.#logger = options.logger ?? silentLogger
    this.#catalogue = options.catalogue ?? new TopicCatalogue()
  }

  /**
   * What precedes each value of the topic; nothing where its values carry no record type.
   * @throws QiError CONFLICT naming the field where our schema is incompatible; UNAVAILABLE, TIMEOUT, UNAUTHORIZED, FORBIDDEN
   */
  async frame(topic: string): Promise<Uint8Array | undefined> {
    const type = this.#catalogue.typeOf(topic)
    if (!type) return undefined
    const known = this.#frames.get(topic)
    if (known) return known
    const frame = retry(() => this.#register(subjectOf(topic), type), { ...TRIES, signal: this.#client.closed }).then(frameOf)
    this.#frames.set(topic, frame)
    frame.then(
      () => this.#refused.delete(topic),
      (error: unknown) => {
        this.#frames.delete(topic)
        this.#refused.set(topic, toQiError(error))
      },
    )
    return frame
  }

  /** Why the last try to send messages of some topic ended here, if it did. */
  get trouble(): QiError | undefined {
    return this.#refused.values().next().value
  }

  /** Reaches it and says what it holds of the topics and whether our schemas are compatible; changes nothing. Never throws. */
  check(topics: readonly string[], signal?: AbortSignal): Promise<CheckResult> {
    const types = topics.flatMap((topic) => {
      const type = this.#catalogue.typeOf(topic)
      return type ? [[topic, type] as const] : []
    })
    return examine(this.#subjects, new Map(types), signal)
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #register(subject: string, type: RecordType): Promise<number> {
    const subjects = this.#subjects
    const level = await this.#demand(subject)
    const [ours, other] = recordSchemas(type, level)
    const known = (await subjects.find(subject, ours)) ?? (await subjects.find(subject, other))
    if (known !== undefined) return known
    const latest = await subjects.latest(subject)
    // Not every registry refuses this plainly.
    const found = { subject, ours, latest, level, place: subjects.place }
    if (latest && latest.schemaType !== 'JSON') throw incompatible(found)
    try {
      const id = await subjects.register(subject, ours)
      this.#logger.info({ subject, id }, `schema of ${subject} registered`)
      return id
    } catch (error) {
      if (!isConflict(error)) throw error
      throw incompatible(found, error)
    }
  }

  /** Some registries answer NONE for a subject that nobody said anything about, and a new subject must not stay without a rule. */
  async #demand(subject: string): Promise<string> {
    const own = await this.#subjects.compatibility(subject)
    const wanted = this.#level ?? (own === undefined || own === 'NONE' ? DEFAULT_LEVEL : own)
    if (own === wanted) return wanted
    await this.#subjects.setCompatibility(subject, wanted)
    this.#logger.info({ subject, was: own, compatibility: wanted }, `compatibility of ${subject} set to ${wanted}`)
    return wanted
  }
}
