import { notARegistry } from './errors.ts'
import type { RegistryClient } from './RegistryClient.ts'
import type { RecordSchema } from './recordSchema.ts'

/** A registered version of a subject. */
export interface SubjectVersion {
  readonly version: number
  /** JSON, AVRO or PROTOBUF. */
  readonly schemaType: string
  readonly schema: string
}

/** The requests of a registry that we use. Each method throws like {@link RegistryClient.ask}. */
export class Subjects {
  readonly #client: RegistryClient

  constructor(client: RegistryClient) {
    this.#client = client
  }

  get place(): string {
    return this.#client.place
  }

  async names(signal?: AbortSignal): Promise<readonly string[]> {
    const doing = 'list the subjects'
    const names = await this.#client.ask({ doing, method: 'GET', path: '/subjects', signal })
    if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) throw notARegistry(doing, this.place)
    return names as string[]
  }

  /** The compatibility set for the subject itself; undefined if it has none. */
  async compatibility(subject: string, signal?: AbortSignal): Promise<string | undefined> {
    const request = { doing: `read the compatibility of ${subject}`, method: 'GET', path: `/config/${name(subject)}` } as const
    const answer = await this.#client.askIf({ ...request, signal })
    return answer === undefined ? undefined : this.#field(answer, 'compatibilityLevel', 'string', request.doing)
  }

  async setCompatibility(subject: string, compatibility: string): Promise<void> {
    const doing = `set the compatibility of ${subject} to ${compatibility}`
    await this.#client.ask({ doing, method: 'PUT', path: `/config/${name(subject)}`, body: { compatibility } })
  }

  /** The id of the schema if it is registered for the subject. */
  async find(subject: string, schema: RecordSchema): Promise<number | undefined> {
    const doing = `look for the schema of ${subject}`
    const answer = await this.#client.askIf({ doing, method: 'POST', path: `/subjects/${name(subject)}`, body: bodyOf(schema) })
    return answer === undefined ? undefined : this.#field(answer, 'id', 'number', doing)
  }

  /** Registers the schema as the next version. @returns its id @throws QiError CONFLICT if it is incompatible with earlier versions */
  async register(subject: string, schema: RecordSchema): Promise<number> {
    const doing = `register the schema of ${subject}`
    const answer = await this.#client.ask({
      doing,
      method: 'POST',
      path: `/subjects/${name(subject)}/versions`,
      body: bodyOf(schema),
    })
    return this.#field(answer, 'id', 'number', doing)
  }

  async latest(subject: string, signal?: AbortSignal): Promise<SubjectVersion | undefined> {
    const doing = `read the schema of ${subject}`
    const answer = await this.#client.askIf({ doing, method: 'GET', path: `/subjects/${name(subject)}/versions/latest`, signal })
    if (answer === undefined) return undefined
    const { schemaType = 'AVRO' } = answer as { schemaType?: string }
    return {
      version: this.#field(answer, 'version', 'number', doing),
      schema: this.#field(answer, 'schema', 'string', doing),
      schemaType,
    }
  }

  /** True if the schema could follow the latest version, or if there is none. */
  async accepts(subject: string, schema: RecordSchema, signal?: AbortSignal): Promise<boolean> {
    const doing = `compare the schema of ${subject}`
    const path = `/compatibility/subjects/${name(subject)}/versions/latest`
    const answer = await this.#client.askIf({ doing, method: 'POST', path, body: bodyOf(schema), signal })
    return answer === undefined || this.#field(answer, 'is_compatible', 'boolean', doing)
  }

  #field<K extends keyof Types>(answer: unknown, field: string, type: K, doing: string): Types[K] {
    const value = (answer as Record<string, unknown> | null)?.[field]
    if (typeof value !== type) throw notARegistry(doing, this.place)
    return value as Types[K]
  }
}

interface Types {
  readonly string: string
  readonly number: number
  readonly boolean: boolean
}

const name = encodeURIComponent
const bodyOf = (schema: RecordSchema) => ({ schemaType: 'JSON', schema: JSON.stringify(schema) })
