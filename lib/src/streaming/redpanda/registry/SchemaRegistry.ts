import { retry } from '../../../base/networking/index.ts'
import {
  type CheckResult,
  type Logger,
  type QiError,
  type RecordType,
  silentLogger,
  TopicCatalogue,
  toQiError,
} from '../../../base/types/index.ts'
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
  /** Gives the record type of a topic; default: the topics of the record types themselves. */
  readonly catalogue?: Pick<TopicCatalogue, 'typeOf'>
}

/** Retries of a retryable failure; after them the append fails, and the publisher retries it. */
const TRIES = { attempts: 3, baseMs: 200, maxMs: 2_000, peer: 'schema registry' } as const

/**
 * Registers the schemas of our record types and gives the frame of their messages: the bytes with the schema id before each value.
 * Before the first message of a topic it sets the compatibility of the topic's subject and registers the schema, which the registry
 * refuses if it is incompatible with earlier versions. Frames are cached, so an outage of the registry stops no topic that was
 * written before. Readers do not need the registry.
 */
export class SchemaRegistry implements AsyncDisposable {
  readonly #client: RegistryClient
  readonly #subjects: Subjects
  readonly #level: SchemaRegistryConfig['compatibility']
  readonly #logger: Logger
  readonly #catalogue: Pick<TopicCatalogue, 'typeOf'>
  readonly #frames = new Map<string, Promise<Uint8Array>>()
  readonly #refused = new Map<string, QiError>()

  /** Sends no request yet. @throws QiError CONFIG_INVALID */
  constructor(url: string, config: SchemaRegistryConfig, options: SchemaRegistryOptions = {}) {
    this.#client = new RegistryClient(url, config)
    this.#subjects = new Subjects(this.#client)
    this.#level = config.compatibility
    this.#logger = options.logger ?? silentLogger
    this.#catalogue = options.catalogue ?? new TopicCatalogue()
  }

  /**
   * The bytes before each value of the topic; undefined if the topic has no record type.
   * @throws QiError CONFLICT naming the field in which our schema is incompatible; UNAVAILABLE, TIMEOUT, UNAUTHORIZED, FORBIDDEN
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

  /** The last error of some topic whose schema could not be registered. */
  get trouble(): QiError | undefined {
    return this.#refused.values().next().value
  }

  /** Asks which of the topics the registry has, and if our schemas are compatible. Changes nothing. Never throws. */
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
    const level = await this.#ensureCompatibility(subject)
    const [ours, other] = recordSchemas(type, level)
    const known = (await subjects.find(subject, ours)) ?? (await subjects.find(subject, other))
    if (known !== undefined) return known
    const latest = await subjects.latest(subject)
    // Checked here, because some registries refuse another schema type with an unclear error.
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

  /**
   * Sets the wanted compatibility if the subject has another one. NONE counts as unset, because some registries answer NONE for a
   * new subject.
   */
  async #ensureCompatibility(subject: string): Promise<string> {
    const own = await this.#subjects.compatibility(subject)
    const wanted = this.#level ?? (own === undefined || own === 'NONE' ? DEFAULT_LEVEL : own)
    if (own === wanted) return wanted
    await this.#subjects.setCompatibility(subject, wanted)
    this.#logger.info({ subject, was: own, compatibility: wanted }, `compatibility of ${subject} set to ${wanted}`)
    return wanted
  }
}
