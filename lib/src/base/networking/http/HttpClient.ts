import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { QiError } from '../../types/index.ts'
import { abortable, abortError, throwIfAborted } from '../clock.ts'
import type { TlsOptions } from '../tls/read.ts'
import type { Addresses } from './addresses.ts'
import { Agents, timer } from './agents.ts'
import { ACCEPT_ENCODING, readBody } from './body.ts'
import { HTTP_BOUNDS, type HttpBounds, LONGEST_TIMER } from './bounds.ts'
import { httpFailure } from './failure.ts'
import { type Redirects, redirectTarget } from './redirect.ts'
import { type Redact, redaction } from './text.ts'

export interface HttpClientOptions {
  /** Bounds that differ from {@link HTTP_BOUNDS}. */
  readonly bounds?: Partial<HttpBounds>
  /** Default `none`. */
  readonly redirects?: Redirects
  /** Checked when a connection is opened, on the resolved address. Default `any`. */
  readonly addresses?: Addresses
  readonly tls?: TlsOptions | undefined
  /** Path of the settings that TLS errors name. Default `tls`. */
  readonly tlsAt?: string
  /** A Unix socket used for every host. */
  readonly socketPath?: string | undefined
  /** Keys and passwords, redacted in every error. */
  readonly secrets?: readonly (string | undefined)[]
}

/** A request as fetch takes it, with bounds of its own; `maxHeaderBytes` and `connectMs` are those of the client. */
export interface HttpInit extends RequestInit {
  readonly bounds?: Partial<Pick<HttpBounds, 'totalMs' | 'idleMs' | 'maxBytes'>>
}

/**
 * The one way to call an HTTP server: `fetch` with bounds on time, bytes, redirects and addresses, see docs/networking.md.
 * `fetch` rejects with a QiError, and so does reading the body: UNAVAILABLE, TIMEOUT, BAD_DATA, UNAUTHORIZED (our certificate),
 * FORBIDDEN (the address), CONFIG_INVALID (the URL), CANCELLED. Any status is an answer. The body of a request is sent as a whole.
 */
export class HttpClient implements AsyncDisposable {
  readonly #bounds: HttpBounds
  readonly #redirects: Redirects
  readonly #tlsAt: string
  readonly #agents: Agents
  readonly #closing = new AbortController()
  readonly redact: Redact

  /** @throws QiError CONFIG_INVALID for an entry of `addresses` that is neither an address nor a block */
  constructor(options: HttpClientOptions = {}) {
    const { bounds, redirects = 'none', addresses = 'any', tls, tlsAt = 'tls', socketPath, secrets = [] } = options
    this.#bounds = { ...HTTP_BOUNDS, ...bounds }
    this.#redirects = redirects
    this.#tlsAt = tlsAt
    this.#agents = new Agents({ addresses, tls, socketPath, bounds: this.#bounds })
    this.redact = redaction(secrets)
  }

  /** May be passed on without the client, to an SDK that takes a `fetch`. */
  readonly fetch = async (input: string | URL | Request, init: HttpInit = {}): Promise<Response> => {
    const url = this.#checkedUrl(input)
    const { bounds: own, signal: given, ...rest } = init
    const request = new Request(input instanceof Request ? input : url, rest)
    const call: Call = {
      bounds: { ...this.#bounds, ...own },
      origin: url.origin,
      stop: new AbortController(),
      signals: [this.#closing.signal, given ?? (input instanceof Request ? input.signal : undefined)].filter(
        (signal) => !!signal,
      ),
      answered: false,
    }
    const release = deadlineOf(call)
    try {
      const body = request.body === null ? null : Buffer.from(await request.arrayBuffer())
      return await this.#follow(call, { url, method: request.method, headers: headersOf(request.headers), body }, release)
    } catch (error) {
      release()
      throw this.#failure(error, call)
    }
  }

  /** Closes its connections and ends the calls on them. */
  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', 'the HTTP client was closed'))
    await this.#agents.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #checkedUrl(input: string | URL | Request): URL {
    const url = URL.parse(input instanceof Request ? input.url : String(input))
    if (!url || !/^https?:$/.test(url.protocol))
      throw new QiError('CONFIG_INVALID', 'an address must begin with http:// or https://')
    if (url.username || url.password)
      throw new QiError(
        'CONFIG_INVALID',
        `${url.origin}: an address must hold no user or password, since addresses are shown; give them in a setting of their own`,
      )
    return url
  }

  async #follow(call: Call, first: Sent, release: () => void): Promise<Response> {
    for (let sent = first, followed = 0; ; followed++) {
      const answer = await this.#send(call, sent, followed > 0)
      const { statusCode: status, headers, body } = answer
      call.answered = true
      const location = [headers.location].flat()[0]
      let target: URL | undefined
      try {
        target = redirectTarget({ ...sent, status, location, followed }, this.#redirects, this.redact)
      } catch (error) {
        discard(body)
        throw error
      }
      if (!target) return this.#response(call, sent.method, answer, release)
      discard(body)
      call.answered = false
      sent = { ...sent, url: target }
    }
  }

  async #send(
    { stop, bounds }: Call,
    { url, method, headers, body }: Sent,
    redirected: boolean,
  ): Promise<Dispatcher.ResponseData> {
    throwIfAborted(stop.signal)
    const agent = await this.#agents.for(url, redirected)
    const answer = agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: method as Dispatcher.HttpMethod,
      headers,
      body,
      signal: stop.signal,
      headersTimeout: timer(bounds.idleMs),
      bodyTimeout: timer(bounds.idleMs),
    })
    // While a connection is being made, undici does not look at the signal.
    return abortable(answer, stop.signal).catch((error: unknown) => {
      answer.then(
        ({ body: late }) => discard(late),
        () => {},
      )
      throw error
    })
  }

  #response(call: Call, method: string, answer: Dispatcher.ResponseData, release: () => void): Response {
    const { statusCode: status, headers, body, statusText } = answer
    const coding = [headers['content-encoding'] ?? []].flat().join(', ')
    const shown = new Headers()
    for (const [name, value] of Object.entries(headers))
      for (const each of Array.isArray(value) ? value : [value ?? '']) shown.append(name, each)
    if (coding) for (const name of ['content-encoding', 'content-length']) shown.delete(name)
    const bodyless = method === 'HEAD' || [204, 205, 304].includes(status)
    if (bodyless) {
      discard(body)
      release()
    }
    const { bounds, origin } = call
    const stream = bodyless
      ? null
      : this.#stream(call, readBody(body, { coding, maxBytes: bounds.maxBytes, origin }), body, release)
    try {
      return new Response(stream, { status, statusText: /^[\t -~]*$/.test(statusText) ? statusText : '', headers: shown })
    } catch (cause) {
      discard(body)
      throw new QiError('BAD_DATA', `${origin} answers with the status ${status}, which HTTP does not have`, { cause })
    }
  }

  /** Ends with the body, when the reader leaves, or with the QiError of what went wrong. */
  #stream(call: Call, chunks: AsyncGenerator<Buffer>, body: Readable, release: () => void): ReadableStream<Uint8Array> {
    const end = () => {
      release()
      discard(body)
    }
    // Not unhandled: nobody may be reading when the connection breaks. The next read rejects.
    body.on('error', () => {})
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await chunks.next()
            if (!done) return controller.enqueue(value)
            end()
            controller.close()
          } catch (error) {
            end()
            controller.error(this.#failure(error, call))
          }
        },
        cancel: () => {
          end()
        },
      },
      { highWaterMark: 0 },
    )
  }

  #failure(error: unknown, { stop, origin, bounds, answered }: Call): QiError {
    if (stop.signal.aborted) return abortError(stop.signal)
    return httpFailure(error, { origin, bounds, tlsAt: this.#tlsAt, redact: this.redact, answered })
  }
}

interface Sent {
  readonly url: URL
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: Buffer | null
}

interface Call {
  readonly bounds: HttpBounds
  readonly origin: string
  /** Aborted, with a QiError, by the total time-out or by the caller. */
  readonly stop: AbortController
  readonly signals: readonly AbortSignal[]
  answered: boolean
}

/** Stops a call by the total timeout or the caller's signals. @returns a function to call at its end */
function deadlineOf({ bounds: { totalMs }, origin, stop, signals }: Call): () => void {
  const late = () => stop.abort(new QiError('TIMEOUT', `${origin}: no whole answer within ${totalMs} ms`))
  const clock = totalMs > LONGEST_TIMER ? undefined : setTimeout(late, totalMs).unref()
  const leave = ({ target }: Event) => stop.abort(abortError(target as AbortSignal))
  for (const signal of signals) {
    if (signal.aborted) stop.abort(abortError(signal))
    else signal.addEventListener('abort', leave, { once: true })
  }
  return () => {
    clearTimeout(clock)
    for (const signal of signals) signal.removeEventListener('abort', leave)
  }
}

const headersOf = (headers: Headers): Record<string, string> => ({
  accept: '*/*',
  'user-agent': 'qicore',
  ...Object.fromEntries(headers),
  'accept-encoding': ACCEPT_ENCODING,
})

/** Discards the body without reading it: the connection is closed. */
function discard(body: Readable): void {
  body.on('error', () => {})
  body.destroy()
}
