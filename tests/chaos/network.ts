import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { setTimeout } from 'node:timers/promises'

export interface Slowness {
  /** Before each piece of at most 64 KiB. */
  readonly latencyMs: number
  readonly bytesPerSecond: number
}

interface Link {
  readonly near: Socket
  readonly far: Socket
  lost: boolean
}

/** A network between two programs, which can be told to fail. */
export class Network implements AsyncDisposable {
  readonly #server: Server
  readonly #links = new Set<Link>()
  #refusing = false
  #slowness: Slowness | undefined
  #held: PromiseWithResolvers<void> | undefined
  #sent = 0
  #watched: { readonly bytes: number; readonly over: PromiseWithResolvers<void> } | undefined

  private constructor(server: Server, target: () => { readonly host: string; readonly port: number }) {
    this.#server = server
    server.on('connection', (near) => this.#join(near, connect({ ...target(), allowHalfOpen: true })))
  }

  /** @param target asked at each connection, since a restarted server may have moved */
  static async open(target: () => { readonly host: string; readonly port: number }): Promise<Network> {
    const server = createServer({ allowHalfOpen: true })
    const network = new Network(server, target)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return network
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Connections are reset, and new ones as soon as they come. */
  drop(): void {
    this.#refusing = true
    this.cut()
  }

  slow(slowness: Slowness): void {
    this.#slowness = slowness
  }

  /** Nothing is forwarded any more, and nobody is told. */
  hold(): void {
    this.#held ??= Promise.withResolvers<void>()
  }

  /** Resolves once so many more bytes have come from the near ends. */
  passed(bytes: number): Promise<void> {
    this.#watched = { bytes: this.#sent + bytes, over: Promise.withResolvers() }
    return this.#watched.over.promise
  }

  /** Everything as it should be; what was held goes on. */
  heal(): void {
    this.#refusing = false
    this.#slowness = undefined
    this.#held?.resolve()
    this.#held = undefined
  }

  /** Resets the connections there are. */
  cut(): void {
    for (const { near, far } of this.#links) {
      near.resetAndDestroy()
      far.destroy()
    }
  }

  /** The far ends of the connections there are have gone, which the near ends are never told; new ones come through. */
  lose(): void {
    for (const link of this.#links) {
      link.lost = true
      link.far.destroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    this.heal()
    await closed
  }

  #join(near: Socket, far: Socket): void {
    const link: Link = { near, far, lost: false }
    this.#links.add(link)
    for (const socket of [near, far]) socket.on('error', () => {}).setNoDelay(true)
    near.once('close', () => {
      this.#links.delete(link)
      far.destroy()
    })
    far.once('close', () => {
      if (!link.lost) near.destroy()
    })
    if (this.#refusing) near.resetAndDestroy()
    near.on('data', (chunk: Buffer) => {
      this.#sent += chunk.length
      if (this.#watched && this.#sent >= this.#watched.bytes) this.#watched.over.resolve()
    })
    near.pipe(this.#gate()).pipe(far)
    far.pipe(this.#gate()).pipe(near)
  }

  #gate(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (!this.#held && !this.#slowness) done(null, chunk)
        else void this.#delay(chunk.length).then(() => done(null, chunk))
      },
    })
  }

  async #delay(bytes: number): Promise<void> {
    while (this.#held) await this.#held.promise
    if (this.#slowness) await setTimeout(this.#slowness.latencyMs + (bytes / this.#slowness.bytesPerSecond) * 1000)
  }
}
