import type { ServerMessage } from '../live/messages.ts'
import type { Outlet } from '../live/Outlet.ts'

/** Wait of a browser before it reconnects, in milliseconds. */
const RETRY_MS = 1_000

/** Output to one client of server-sent events: each message is an event, with its resume token as id. The buffer has `bufferBytes`. */
export class EventStream implements Outlet {
  readonly body: ReadableStream<Uint8Array>
  readonly #onClose: () => void
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  /** Events that are sent together at `release`; undefined: each is sent at once. */
  #held: Uint8Array[] | undefined
  #roomAgain: PromiseWithResolvers<void> | undefined

  /** @param onClose called once, when the client has gone or the stream has ended */
  constructor(bufferBytes: number, onClose: () => void) {
    this.#onClose = onClose
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => {
          this.#roomAgain?.resolve()
          this.#roomAgain = undefined
        },
        cancel: () => this.#closed(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: bufferBytes }),
    )
    this.#write(Buffer.from(`retry: ${RETRY_MS}\n\n`))
  }

  get isOpen(): boolean {
    return this.#controller !== undefined
  }

  get isFull(): boolean {
    return (this.#controller?.desiredSize ?? 1) <= 0
  }

  send(message: Uint8Array, resume: string): void {
    this.#write(Buffer.concat([Buffer.from(resume === '' ? 'data: ' : `id: ${resume}\ndata: `), oneLine(message), END]))
  }

  tell(message: ServerMessage): void {
    const id = 'resume' in message && message.resume !== undefined ? message.resume : ''
    this.send(Buffer.from(JSON.stringify(message)), id)
  }

  /** Sends a comment, so that no proxy closes an idle connection. */
  beat(): void {
    if (!this.isFull) this.#write(Buffer.from(': alive\n\n'))
  }

  room(): Promise<void> {
    if (!this.isOpen || !this.isFull) return Promise.resolve()
    this.#roomAgain ??= Promise.withResolvers()
    return this.#roomAgain.promise
  }

  hold(): void {
    this.#held ??= []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    if (held.length > 0) this.#write(held.length === 1 ? (held[0] as Uint8Array) : Buffer.concat(held))
  }

  /** A browser reconnects by itself, with the id of the last event. */
  cutOff(): void {
    this.end()
  }

  end(): void {
    this.#controller?.close()
    this.#closed()
  }

  #write(bytes: Uint8Array): void {
    if (this.#held) this.#held.push(bytes)
    else this.#controller?.enqueue(bytes)
  }

  #closed(): void {
    if (!this.#controller) return
    this.#controller = undefined
    this.#roomAgain?.resolve()
    this.#onClose()
  }
}

const END = Buffer.from('\n\n')
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** The same JSON in one line. JSON has line breaks only between its parts, where a blank is equivalent. */
function oneLine(json: Uint8Array): Uint8Array {
  if (!json.includes(LINE_FEED) && !json.includes(CARRIAGE_RETURN)) return json
  return json.map((byte) => (byte === LINE_FEED || byte === CARRIAGE_RETURN ? 0x20 : byte))
}
