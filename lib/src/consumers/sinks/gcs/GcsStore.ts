import { z } from 'zod'
import { HttpClient, redaction, retry } from '../../../base/networking/index.ts'
import { QiError, type SinkContext } from '../../../base/types/index.ts'
import {
  MOST_TEXT,
  type NewObject,
  type ObjectRange,
  type ObjectStore,
  type PutCondition,
  type StoredObject,
} from '../shared/objects/ObjectStore.ts'
import { type Access, openAccess } from './access.ts'
import { type FailurePlace, gcsFailure } from './failure.ts'
import type { GcsSettings } from './settings.ts'
import { upload } from './upload.ts'

const ENDPOINT = 'https://storage.googleapis.com'
/** Attempts of one call, before the delivery retries. */
const ATTEMPTS = 3
/** Most pages of a thousand names, so that a faulty server cannot page forever. */
const MOST_PAGES = 10_000

const objectSchema = z.object({
  metadata: z.record(z.string(), z.string()).default({}),
  size: z.string().regex(/^\d{1,15}$/),
  generation: z.string().regex(/^\d{1,20}$/),
})
const pageSchema = z.object({
  items: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
})

export async function openGcs(
  settings: GcsSettings,
  { name, signal }: Pick<SinkContext, 'name' | 'signal'>,
): Promise<ObjectStore> {
  return new GcsStore(settings, name, signal, await openAccess(settings, name))
}

class GcsStore implements ObjectStore {
  readonly #settings: GcsSettings
  readonly #failing: FailurePlace
  readonly #signal: AbortSignal
  readonly #access: Access
  readonly #http = new HttpClient({ bounds: { totalMs: 120_000, idleMs: 60_000, connectMs: 5_000 } })

  constructor(settings: GcsSettings, destination: string, signal: AbortSignal, access: Access) {
    this.#settings = settings
    this.#signal = signal
    this.#access = access
    this.#failing = { destination, bucket: settings.bucket, place: this.place, redact: redaction([settings.credentials]) }
  }

  get place(): string {
    const { bucket, endpoint } = this.#settings
    return endpoint === undefined ? `gs://${bucket}` : `gs://${bucket} at ${endpoint}`
  }

  async put(object: NewObject, condition: PutCondition): Promise<boolean> {
    return this.#tried(async () => {
      const answer = await upload({
        object,
        condition,
        call: (query, init) => this.#call(`/upload${this.#objects}`, query, init),
      })
      if (typeof answer === 'boolean') return answer
      throw await gcsFailure(answer, this.#failing)
    })
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    return this.#tried(async () => {
      const answer = await this.#object(key, {})
      if (!answer) return undefined
      const { metadata, size, generation } = parsed(objectSchema, await answer.text(), this.place)
      return { metadata, bytes: Number(size), version: generation }
    })
  }

  async read({ key, version, from, to }: ObjectRange): Promise<Uint8Array | undefined> {
    return this.#tried(async () => {
      const range = { headers: { range: `bytes=${from}-${to - 1}` } }
      const answer = await this.#object(key, { alt: 'media', generation: version }, range)
      if (!answer) return undefined
      const bytes = Number(answer.headers.get('content-length'))
      if (bytes <= to - from) return new Uint8Array(await answer.arrayBuffer())
      await answer.body?.cancel()
      throw new QiError(
        'UNSUPPORTED',
        `${this.place}: ${to - from} bytes were requested, and ${bytes} came: it does not support ranges`,
      )
    })
  }

  async text(key: string): Promise<string | undefined> {
    return this.#tried(async () => {
      const answer = await this.#object(key, { alt: 'media' })
      return (await answer?.text())?.slice(0, MOST_TEXT)
    })
  }

  async *keys(prefix: string): AsyncGenerator<string> {
    let token: string | undefined
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = { prefix, maxResults: '1000', fields: 'items(name),nextPageToken', ...(token && { pageToken: token }) }
      const found = await this.#tried(async () => {
        const answer = await this.#call(this.#objects, query)
        if (!answer.ok) throw await gcsFailure(answer, this.#failing)
        return parsed(pageSchema, await answer.text(), this.place)
      })
      for (const { name } of found.items) if (name.startsWith(prefix)) yield name
      if (!found.nextPageToken) return
      token = found.nextPageToken
    }
  }

  /** Does nothing: Google removes the parts of an unfinished upload after a week, and they cost nothing. */
  async tidy(): Promise<void> {}

  close(): Promise<void> {
    return this.#http.close()
  }

  get #objects(): string {
    return `/storage/v1/b/${encodeURIComponent(this.#settings.bucket)}/o`
  }

  async #object(key: string, query: Readonly<Record<string, string>>, init: RequestInit = {}): Promise<Response | undefined> {
    const answer = await this.#call(`${this.#objects}/${encodeURIComponent(key)}`, query, init)
    if (answer.ok) return answer
    if (answer.status !== 404) throw await gcsFailure(answer, this.#failing)
    await answer.body?.cancel()
    return undefined
  }

  async #call(path: string, query: Readonly<Record<string, string>>, init: RequestInit = {}): Promise<Response> {
    const { endpoint = ENDPOINT, project } = this.#settings
    const url = new URL(endpoint.replace(/\/$/, '') + path)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    if (project !== undefined) url.searchParams.set('userProject', project)
    const headers = { ...(init.headers as Record<string, string> | undefined), ...(await this.#access()) }
    return this.#http.fetch(url, { ...init, headers, signal: this.#signal })
  }

  /** Retries a call. For a put that is harmless, because its condition refuses a second one. */
  #tried<T>(call: () => Promise<T>): Promise<T> {
    return retry(call, { attempts: ATTEMPTS, baseMs: 200, maxMs: 2_000, signal: this.#signal, peer: 'gcs' })
  }
}

function parsed<T>(schema: z.ZodType<T>, text: string, place: string): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new QiError('BAD_DATA', `${place}: its answer is not one of Google Cloud Storage; correct endpoint`, { cause })
  }
}
