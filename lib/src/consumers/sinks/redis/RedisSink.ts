import { RecordFields } from '../../../base/database/index.ts'
import {
  type CheckResult,
  type EncodedBatch,
  type Failure,
  type Logger,
  nowMicros,
  QiError,
  type RecordType,
  type RecordValues,
  type RowSink,
  toQiError,
  type WriteOptions,
  type WriteResult,
} from '../../../base/types/index.ts'
import { writeEncodedly } from '../shared/writeEncodedly.ts'
import type { Connection } from './connect.ts'
import { keepLatest, type Notify, type ScriptAnswer, type Send } from './script.ts'
import { type Candidate, Latest } from './series.ts'
import { bySlot } from './slots.ts'

/** Most series that one script updates, because other clients wait while it runs. */
const MOST_KEYS = 500
const PROBE_MS = 60_000

export interface RedisSinkOptions {
  readonly name: string
  readonly logger: Logger
  readonly prefix: string
  readonly ttlMs: number
  readonly notify: Notify
  readonly streamLength: number
}

export class RedisSink implements RowSink {
  readonly guarantee = 'upsert'
  readonly name: string
  readonly #connection: Connection
  readonly #options: RedisSinkOptions
  readonly #fields = new Map<string, RecordFields>()
  #expired = 0

  constructor(connection: Connection, options: RedisSinkOptions) {
    this.name = options.name
    this.#connection = connection
    this.#options = options
  }

  accepts(): boolean {
    return true
  }

  write<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options?: WriteOptions): Promise<WriteResult> {
    return writeEncodedly(this, type, records, options)
  }

  async writeEncoded(type: RecordType, batches: readonly EncodedBatch[], options?: WriteOptions): Promise<WriteResult> {
    const { prefix, ttlMs } = this.#options
    const fields = this.#fieldsOf(type)
    const latest = new Latest(type, fields, prefix, ttlMs * 1000, nowMicros())
    const failed: Failure[] = []
    let index = 0
    for (const batch of batches)
      for (let at = 0; at < batch.length; at++, index++)
        try {
          fields.read(batch, at)
          latest.add(batch, at, index)
        } catch (error) {
          failed.push({ index, error: toQiError(error) })
        }
    const { created, expired, foreign } = await this.#keep(type, latest.candidates(), options?.signal)
    this.#countExpired(latest.expired + expired)
    for (const { index: place, key } of foreign)
      failed.push({
        index: place,
        error: new QiError('BAD_DATA', `the Redis key ${key} has a value of another type: choose another prefix, or delete it`),
      })
    failed.sort((a, b) => a.index - b.index)
    return { written: created, overwritten: index - failed.length - created, failed }
  }

  async check(): Promise<CheckResult> {
    const { prefix, streamLength } = this.#options
    const key = `${prefix}:probe`
    const now = Date.now()
    const probe: Candidate = { key, version: `${nowMicros()}`, json: '{}', expires: now + PROBE_MS, index: 0 }
    const send: Send = (one, command) => this.#connection.send(one, command)
    try {
      const { foreign } = await keepLatest(send, [probe], { notify: 'none', streamLength, stream: key })
      if (foreign.length > 0)
        return { ok: false, summary: `the key ${key} has a value of another type`, remedy: 'choose another prefix' }
      return {
        ok: true,
        summary: `Redis can be written under ${prefix}:`,
        details: { left_out_as_too_old: this.#expired },
      }
    } catch (thrown) {
      const error = toQiError(thrown)
      return { ok: false, summary: error.message, error }
    }
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #fieldsOf(type: RecordType): RecordFields {
    const known = this.#fields.get(type.name)
    if (known) return known
    const fields = new RecordFields(type)
    this.#fields.set(type.name, fields)
    return fields
  }

  async #keep(type: RecordType, candidates: readonly Candidate[], signal: AbortSignal | undefined) {
    const { prefix, notify, streamLength } = this.#options
    const { isCluster } = this.#connection
    const groups = (isCluster ? bySlot(candidates) : [candidates]).flatMap((group) => pieces(group, MOST_KEYS))
    const send: Send = (key, command) => this.#connection.send(key, command, signal)
    const answers = await Promise.all(
      groups.map(async (group): Promise<ScriptAnswer & { readonly group: readonly Candidate[] }> => {
        // In a cluster a script may only use keys of one slot.
        const stream = isCluster ? (group[0] as Candidate).key : `${prefix}:${type.name}:stream`
        return { ...(await keepLatest(send, group, { notify, streamLength, stream })), group }
      }),
    )
    return {
      created: answers.reduce((sum, { created }) => sum + created, 0),
      expired: answers.reduce((sum, { expired }) => sum + expired, 0),
      foreign: answers.flatMap(({ foreign, group }) => foreign.map((place) => group[place] as Candidate)),
    }
  }

  #countExpired(count: number): void {
    if (count === 0) return
    if (this.#expired === 0)
      this.#options.logger.info({ destination: this.name }, `${this.name}: records older than ttl are left out`)
    this.#expired += count
  }
}

const pieces = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
