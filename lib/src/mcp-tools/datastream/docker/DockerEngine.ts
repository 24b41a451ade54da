import { Readable } from 'node:stream'
import { z } from 'zod'
import { excerpt, HttpClient, type HttpInit } from '../../../base/networking/index.ts'
import { QiError, systemCode, toQiError } from '../../../base/types/index.ts'
import type { EngineAddress } from './address.ts'

/** The versions of the engine's API whose answers we read: from Docker 20.10 on. */
const OLDEST = 41
const NEWEST = 51

const ANSWER = { totalMs: 30_000, idleMs: 30_000 }

export interface EngineRequest {
  readonly query?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** Reads from the engine's HTTP API. Changes go through Compose. */
export class DockerEngine {
  readonly #address: EngineAddress
  readonly #http: HttpClient
  #version: Promise<string> | undefined

  constructor(address: EngineAddress) {
    this.#address = address
    this.#http = new HttpClient({ socketPath: address.socketPath, bounds: { connectMs: 5_000 } })
  }

  /** @throws QiError UNAVAILABLE, NOT_FOUND, FORBIDDEN, BAD_DATA, or what the signal says */
  async get<T extends z.ZodType>(path: string, shape: T, request: EngineRequest = {}): Promise<z.output<T>> {
    const answer = await this.#ask(`/v${await this.#known()}${path}`, request, ANSWER)
    return this.#read(path, await this.#text(answer), shape)
  }

  /** An answer that comes bit by bit, of any length. The caller reads or destroys it. */
  async stream(path: string, request: EngineRequest & { readonly idleMs: number }): Promise<Readable> {
    const { idleMs } = request
    const endless = { totalMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY, idleMs }
    const { body } = await this.#ask(`/v${await this.#known()}${path}`, request, endless)
    return body ? Readable.fromWeb(body) : Readable.from([])
  }

  async #known(): Promise<string> {
    this.#version ??= this.#negotiate()
    return this.#version.catch((error: unknown) => {
      this.#version = undefined // the engine may be started yet
      throw error
    })
  }

  /** The newest version that both know. */
  async #negotiate(): Promise<string> {
    const answer = await this.#text(await this.#ask('/version', {}, ANSWER))
    const { ApiVersion, MinAPIVersion, Version } = this.#read('/version', answer, versionAnswer)
    const version = Math.min(minor(ApiVersion), NEWEST)
    if (version < OLDEST || version < minor(MinAPIVersion ?? '1.0'))
      throw new QiError(
        'UNSUPPORTED',
        `the Docker engine at ${this.#address.host} (${Version}) speaks API ${MinAPIVersion ?? ''}–${ApiVersion}, and 1.${OLDEST}–1.${NEWEST} is understood: use Docker 20.10 or newer`,
      )
    return `1.${version}`
  }

  async #ask(path: string, { query, signal }: EngineRequest, bounds: HttpInit['bounds']): Promise<Response> {
    const search = query ? `?${new URLSearchParams(query)}` : ''
    let answer: Response
    try {
      answer = await this.#http.fetch(`${this.#address.origin}${path}${search}`, {
        signal: signal ?? null,
        ...(bounds && { bounds }),
      })
    } catch (error) {
      throw this.#unreachable(error)
    }
    if (answer.status >= 400) throw refused(answer.status, path, await this.#text(answer))
    return answer
  }

  #text(answer: Response): Promise<string> {
    return answer.text().catch((error: unknown) => {
      throw this.#unreachable(error)
    })
  }

  #read<T extends z.ZodType>(path: string, text: string, shape: T): z.output<T> {
    try {
      return shape.parse(JSON.parse(text))
    } catch (error) {
      throw new QiError('BAD_DATA', `${this.#address.host}${path} did not answer as a Docker engine does`, { cause: error })
    }
  }

  #unreachable(error: unknown): QiError {
    const known = toQiError(error)
    if (known.code !== 'UNAVAILABLE') return known
    const { host } = this.#address
    if (systemCode(error) === 'EACCES')
      return new QiError('FORBIDDEN', `${host} may not be used by this user: add it to the group docker, or run as root`, {
        cause: error,
      })
    return new QiError(
      'UNAVAILABLE',
      `no Docker engine answers at ${host} (${systemCode(error) ?? known.message}): start Docker, or set DOCKER_HOST to where it listens, such as unix:///var/run/docker.sock; the platform also runs without it, on its embedded engines`,
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
    `the Docker engine refused ${path.replace(/^\/v[\d.]+/, '')} (${status}): ${excerpt(message, undefined, 300)}`,
  )
}
