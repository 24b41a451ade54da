import type { Socket } from 'node:net'
import type { Logger } from '../../lib/src/base/types/index.ts'

export interface OutputLimits {
  /** Most bytes that wait for all clients together; beyond that the slowest clients are cut off. */
  readonly outputBytes: number
  /** Longest time without progress of the output to one client, in milliseconds. */
  readonly stalledMs: number
}

/** Lowest speed at which a client must read a large piece of output, in bytes a millisecond. */
const LEAST_SPEED = 32

interface Progress {
  taken: number
  since: number
}

/** Cuts off clients that do not read, because their pending output takes memory. */
export class OutputWatch {
  readonly #sockets: ReadonlySet<Socket>
  readonly #limits: OutputLimits
  readonly #logger: Logger
  readonly #timer: NodeJS.Timeout
  readonly #progress = new WeakMap<Socket, Progress>()
  stalled = 0

  constructor(sockets: ReadonlySet<Socket>, limits: OutputLimits, logger: Logger) {
    this.#sockets = sockets
    this.#limits = limits
    this.#logger = logger
    this.#timer = setInterval(() => this.#look(Date.now()), Math.min(1_000, limits.stalledMs)).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(now: number): void {
    const { stalledMs, outputBytes } = this.#limits
    const waiting: { readonly socket: Socket; readonly since: number }[] = []
    let total = 0
    for (const socket of this.#sockets) {
      const { writableLength } = socket
      if (writableLength === 0) {
        this.#progress.delete(socket)
        continue
      }
      const since = this.#since(socket, now)
      if (now - since > stalledMs + writableLength / LEAST_SPEED) this.#cut(socket)
      else {
        total += writableLength
        waiting.push({ socket, since })
      }
    }
    if (total <= outputBytes) return
    for (const { socket } of waiting.sort((a, b) => a.since - b.since)) {
      if (total <= outputBytes) return
      total -= socket.writableLength
      this.#cut(socket)
    }
  }

  /** Time of the last progress of its output, in milliseconds since 1970. */
  #since(socket: Socket, now: number): number {
    const taken = socket.bytesWritten - socket.writableLength
    const before = this.#progress.get(socket)
    if (before && before.taken >= taken) return before.since
    this.#progress.set(socket, { taken, since: now })
    return now
  }

  #cut(socket: Socket): void {
    this.stalled++
    this.#logger.debug({ waiting: socket.writableLength }, 'a client that does not read was cut off')
    socket.destroy()
  }
}
