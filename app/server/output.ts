import type { Socket } from 'node:net'
import type { Logger } from '../../lib/src/base/index.ts'

export interface OutputLimits {
  /** Bytes that may wait for all clients together before the slowest are cut off. */
  readonly outputBytes: number
  /** How long the output to one client may stand still, in milliseconds. */
  readonly stalledMs: number
}

/** The least speed at which a client must take a piece of output that is too large to show progress, in bytes a millisecond. */
const LEAST_SPEED = 32

interface Progress {
  taken: number
  since: number
}

/** Cuts off clients that do not read: what waits for them is memory of ours. */
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

  /** Since when nothing of its output was taken. */
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
