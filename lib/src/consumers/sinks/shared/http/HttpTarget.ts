import { excerpt, HttpClient, type Redact, readTls, retryAfterOf } from '../../../../base/networking/index.ts'
import { type CheckResult, parseDuration, QiError, toQiError } from '../../../../base/types/index.ts'
import type { Answer, Receiver } from './answers.ts'
import type { HttpSettings } from './settings.ts'

/** Most bytes of an answer that are read; the connection of a longer answer is closed. */
const MOST_READ = 64 * 1024
/** Most characters of an answer in messages. */
const MOST_SHOWN = 200
/** A success this recent makes a check succeed without a request. */
const FRESH_MS = 60_000

export interface Sent {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

export interface HttpTargetOptions extends Omit<HttpSettings, 'in_flight'> {
  readonly destination: string
  readonly url: string
  /** Removed from every message. */
  readonly secrets: readonly string[]
}

/** The receiver of an HTTP destination. Redirects are not followed: a request that was signed for one address goes to no other. */
export class HttpTarget implements Receiver {
  readonly at: string
  readonly origin: string
  readonly #url: string
  readonly #client: HttpClient
  #answeredAt: number | undefined

  /** @throws QiError CONFIG_INVALID where a file of `tls` cannot be used */
  constructor({ destination, url, allow, timeout, tls, secrets }: HttpTargetOptions) {
    this.at = `destinations.${destination}`
    const { origin, protocol } = new URL(url)
    this.origin = origin
    this.#url = url
    const ms = parseDuration(timeout)
    this.#client = new HttpClient({
      bounds: { totalMs: ms, idleMs: ms, connectMs: Math.min(ms, 10_000), maxBytes: MOST_READ },
      addresses: protocol === 'http:' ? { only: allow } : { allow },
      tls: readTls(tls, `${this.at}.tls`),
      tlsAt: `${this.at}.tls`,
      secrets: [...secrets, ...tokensIn(url)],
    })
  }

  get redact(): Redact {
    return this.#client.redact
  }

  /** @throws QiError retryable without an answer; FORBIDDEN for an address that is not allowed; others of the HTTP client */
  async send({ url, ...sent }: Sent, signal?: AbortSignal): Promise<Answer> {
    try {
      const response = await this.#client.fetch(url, { ...sent, ...(signal && { signal }) })
      const text = await startOf(response)
      this.#answeredAt = response.ok ? Date.now() : undefined
      return {
        status: response.status,
        retryAfterMs: retryAfterOf(response.headers),
        excerpt: excerpt(text, this.redact, MOST_SHOWN),
      }
    } catch (error) {
      this.#answeredAt = undefined
      throw this.#advised(toQiError(error))
    }
  }

  /** Succeeds where a request was accepted within a minute, or the receiver answers to OPTIONS; sends no records. */
  async check(): Promise<CheckResult> {
    if (this.#answeredAt !== undefined && Date.now() - this.#answeredAt < FRESH_MS)
      return { ok: true, summary: `${this.origin} accepts requests` }
    try {
      const response = await this.#client.fetch(this.#url, { method: 'OPTIONS' })
      await startOf(response)
      const { status } = response
      if (status >= 502 && status <= 504)
        return {
          ok: false,
          summary: `${this.origin} answers ${status}: the server behind it is down`,
          remedy: 'start the receiver',
        }
      return { ok: true, summary: `${this.origin} answers` }
    } catch (thrown) {
      const error = this.#advised(toQiError(thrown))
      return {
        ok: false,
        summary: error.message,
        error,
        remedy: `check that ${this.at}.url is right and that its server runs`,
      }
    }
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #advised(error: QiError): QiError {
    if (error.code !== 'FORBIDDEN') return error
    return new QiError('FORBIDDEN', `${error.message}; to allow the address, name it in ${this.at}.allow`, { cause: error })
  }
}

/** The start of a body, also where the connection breaks: the status has arrived. */
async function startOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  try {
    for await (const part of response.body ?? []) parts.push(part)
  } catch {
    // The rest is lost.
  }
  return Buffer.concat(parts).toString()
}

/** Parts of a URL that may be secrets: long parts of the path, and all values of the query. */
function tokensIn(url: string): string[] {
  const { pathname, searchParams } = new URL(url)
  return [...pathname.split('/').filter((part) => part.length >= 16), ...searchParams.values()]
}
