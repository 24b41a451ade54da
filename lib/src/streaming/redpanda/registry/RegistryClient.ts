import { excerpt, HttpClient, readTls, retryAfterOf } from '../../../base/networking/index.ts'
import { QiError } from '../../../base/types/index.ts'
import { notARegistry, type RegistryProblem, refusal, unreached } from './errors.ts'
import { type RegistryAddress, registryAddress, type SchemaRegistryConfig } from './SchemaRegistryConfig.ts'

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

export interface RegistryRequest {
  /** The action, for error messages: `register crypto-prices-value`. */
  readonly doing: string
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/** The HTTP API of a Confluent-compatible registry: single requests, classified failures. */
export class RegistryClient {
  readonly #address: RegistryAddress
  readonly #http: HttpClient
  readonly #closing = new AbortController()

  /** @throws QiError CONFIG_INVALID if the URL or a named file is wrong */
  constructor(url: string, config: SchemaRegistryConfig) {
    this.#address = registryAddress(url, config)
    const { timeout_ms: ms, tls } = config
    this.#http = new HttpClient({
      bounds: { totalMs: ms, idleMs: ms, connectMs: ms },
      tls: readTls(tls, 'schema_registry.tls'),
      tlsAt: 'schema_registry.tls',
      secrets: this.#address.secrets,
    })
  }

  /** The address without credentials. */
  get place(): string {
    return this.#address.place
  }

  /** Aborted by close(). */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** @throws QiError by the status; UNAVAILABLE, TIMEOUT; BAD_DATA if it is no registry */
  async ask(request: RegistryRequest): Promise<unknown> {
    const answer = await this.askIf(request)
    if (answer === undefined) throw refusal({ status: 404, message: '' }, request.doing, this.place)
    return answer
  }

  /** Like {@link ask}, but undefined if the registry has no such subject, version or setting. */
  async askIf(request: RegistryRequest): Promise<unknown> {
    const { doing } = request
    const signal = request.signal ? AbortSignal.any([request.signal, this.closed]) : this.closed
    let response: Response
    let text: string
    try {
      ;[response, text] = await this.#send(request, signal)
    } catch (error) {
      throw unreached(error, doing, this.place)
    }
    const body = parsed(text)
    if (response.ok) {
      if (body === undefined) throw notARegistry(doing, this.place)
      return body
    }
    const problem = this.#problemOf(response, body)
    // A registry's 404 has a code of five digits; a 404 without one comes from another web server.
    if (response.status === 404 && problem.code !== undefined) return undefined
    throw refusal(problem, doing, this.place)
  }

  /** Cancels pending requests. */
  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', 'the stream was closed'))
    await this.#http.close()
  }

  async #send({ method, path, body }: RegistryRequest, signal: AbortSignal): Promise<[Response, string]> {
    const { place, headers } = this.#address
    const response = await this.#http.fetch(`${place}${path}`, {
      method,
      headers: {
        ...headers,
        accept: `${CONTENT_TYPE}, application/json`,
        ...(body !== undefined && { 'content-type': CONTENT_TYPE }),
      },
      signal,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return [response, await response.text()]
  }

  #problemOf({ status, statusText, headers }: Response, body: unknown): RegistryProblem {
    const { error_code: code, message } = (body ?? {}) as { error_code?: unknown; message?: unknown }
    const retryAfterMs = retryAfterOf(headers)
    return {
      status,
      message: excerpt(typeof message === 'string' ? message : statusText, this.#http.redact, 500),
      ...(typeof code === 'number' && code > 9999 && { code }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
