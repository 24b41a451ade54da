import type { Readable } from 'node:stream'
import { Client } from 'undici'
import { z } from 'zod'
import { errorMessage, QiError, systemCode, toQiError } from '../../../base/index.ts'
import type { EngineAddress } from './address.ts'

/** The versions of the engine's API whose answers we read: from Docker 20.10 on. */
const OLDEST = 41
const NEWEST = 51

const ANSWER_MS = 30_000

export interface EngineRequest {
  readonly query?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** What we ask of the engine's HTTP API: questions only; what changes something goes through Compose. */
export class DockerEngine {
  readonly #address: EngineAddress
  #version: Promise<string> | undefined

  constructor(address: EngineAddress) {
    this.#address = address
  }

  /** @throws QiError UNAVAILABLE, NOT_FOUND, FORBIDDEN, BAD_DATA, or what the signal says */
  async get<T extends z.ZodType>(path: string, shape: T, request: EngineRequest = {}): Promise<z.output<T>> {
    const body = await this.stream(path, { ...request, idleMs: ANSWER_MS })
    const chunks = await body.toArray().catch((error: unknown) => {
      throw this.#unreachable(error)
    })
    return this.#read(path, Buffer.concat(chunks).toString('utf8'), shape)
  }

  /** An answer that comes bit by bit. The caller reads or destroys it. */
  async stream(path: string, request: EngineRequest & { readonly idleMs: number }): Promise<Readable> {
    this.#version ??= this.#negotiate()
    const version = await this.#version.catch((error: unknown) => {
      this.#version = undefined // the engine may be started yet
      throw error
    })
    return this.#ask(`/v${version}${path}`, request)
  }

  /** The newest version that both know. */
  async #negotiate(): Promise<string> {
    const body = await this.#ask('/version', { idleMs: ANSWER_MS })
    const answer = Buffer.concat(await body.toArray()).toString('utf8')
    const { ApiVersion, MinAPIVersion, Version } = this.#read('/version', answer, versionAnswer)
    const version = Math.min(minor(ApiVersion), NEWEST)
    if (version < OLDEST || version < minor(MinAPIVersion ?? '1.0'))
      throw new QiError(
        'UNSUPPORTED',
        `the Docker engine at ${this.#address.host} (${Version}) speaks API ${MinAPIVersion ?? ''}–${ApiVersion}, and 1.${OLDEST}–1.${NEWEST} is understood: use Docker 20.10 or newer`,
      )
    return `1.${version}`
  }

  async #ask(path: string, { query, signal, idleMs }: EngineRequest & { readonly idleMs: number }): Promise<Readable> {
    const { origin, socketPath } = this.#address
    // A connection each: nothing stays open, so nothing has to be closed.
    const client = new Client(origin, {
      pipelining: 0,
      bodyTimeout: idleMs,
      headersTimeout: ANSWER_MS,
      connect: { timeout: 5_000, ...(socketPath && { socketPath }) },
    })
    try {
      const search = query ? `?${new URLSearchParams(query)}` : ''
      const { statusCode, body } = await client.request({ method: 'GET', path: `${path}${search}`, signal: signal ?? null })
      body.once('close', () => void client.close().catch(() => {}))
      if (statusCode >= 400) throw refused(statusCode, path, await body.text())
      return body
    } catch (error) {
      void client.destroy().catch(() => {})
      throw this.#unreachable(error)
    }
  }

  #read<T extends z.ZodType>(path: string, text: string, shape: T): z.output<T> {
    try {
      return shape.parse(JSON.parse(text))
    } catch (error) {
      throw new QiError('BAD_DATA', `${this.#address.host}${path} did not answer as a Docker engine does`, { cause: error })
    }
  }

  #unreachable(error: unknown): QiError {
    if (error instanceof QiError) return error
    const known = toQiError(error)
    if (known.code === 'CANCELLED' || known.code === 'TIMEOUT') return known
    const { host } = this.#address
    if (systemCode(error) === 'EACCES')
      return new QiError('FORBIDDEN', `${host} may not be used by this user: add it to the group docker, or run as root`, {
        cause: error,
      })
    return new QiError(
      'UNAVAILABLE',
      `no Docker engine answers at ${host} (${systemCode(error) ?? errorMessage(error)}): start Docker, or set DOCKER_HOST to where it listens, such as unix:///var/run/docker.sock; the platform also runs without it, on its embedded engines`,
      { cause: error },
    )
  }
}

const versionAnswer = z.object({ Version: z.string(), ApiVersion: z.string(), MinAPIVersion: z.string().optional() })

const minor = (version: string): number => Number(/^1\.(\d+)/.exec(version)?.[1] ?? 0)

function refused(status: number, path: string, text: string): QiError {
  const message = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text
  const code = status === 404 ? 'NOT_FOUND' : status === 409 ? 'CONFLICT' : status >= 500 ? 'UNAVAILABLE' : 'BAD_DATA'
  return new QiError(
    code,
    `the Docker engine refused ${path.replace(/^\/v[\d.]+/, '')} (${status}): ${message.trim().slice(0, 300)}`,
  )
}
