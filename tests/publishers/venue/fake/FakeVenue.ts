import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { FakeBook } from './book.ts'
import type { Dialect } from './dialect.ts'
import { FakeMarket, type FakeTrade } from './market.ts'

/** Faults that a test orders. */
export type Order =
  /** Ends all sockets, or the oldest alone. */
  | { readonly do: 'cut'; readonly which: 'all' | 'one' }
  /** Says nothing more on the open sockets, which stay open. */
  | { readonly do: 'silence' }
  /** Sends trades on the open sockets this much later. */
  | { readonly do: 'lag'; readonly ms: number }
  /** Accepts connections and answers nothing on new ones, until `speak`. */
  | { readonly do: 'hang' }
  | { readonly do: 'speak' }
  /** Sends the next trades of each symbol in one frame of this many. */
  | { readonly do: 'several'; readonly count: number }
  /** Swaps neighbouring trades. */
  | { readonly do: 'reorder' }
  /** Sends each trade twice. */
  | { readonly do: 'repeat' }
  | { readonly do: 'refuse' | 'accept'; readonly topic: string }
  /** Answers the next REST calls with this status. */
  | { readonly do: 'limit'; readonly status: number; readonly calls: number; readonly retryAfter: number }
  | { readonly do: 'send'; readonly text: string }
  /** A frame of this many bytes. */
  | { readonly do: 'frame'; readonly bytes: number }
  /** Trades a second of all symbols. */
  | { readonly do: 'rate'; readonly perSecond: number }
  /** Changes the order books this often; `lose` makes and does not send the last change of this symbol. */
  | { readonly do: 'books'; readonly changes: number; readonly lose?: string }
  /** Makes this many trades of each symbol at once. */
  | { readonly do: 'burst'; readonly trades: number }

export interface VenueState {
  /** The best 20 levels of each order book. */
  readonly books: Readonly<Record<string, ReturnType<FakeBook['top']>>>
  /** Numbers of the trades of each symbol, made so far. */
  readonly trades: Readonly<Record<string, { readonly first: number; readonly last: number }>>
  readonly sockets: number
  /** Topics of all sockets. */
  readonly subscriptions: number
  readonly connections: number
  readonly calls: readonly string[]
  /** Bytes that wait in the sockets. */
  readonly buffered: number
}

interface Client {
  readonly socket: WebSocket
  readonly topics: Set<string>
  silent: boolean
  lagMs: number
}

/** A venue on a loopback port: REST and WebSocket over the same trades. Trades go on whether somebody listens or not. */
export class FakeVenue {
  readonly market: FakeMarket
  readonly #dialect: Dialect
  readonly #clients = new Set<Client>()
  readonly #refused = new Set<string>()
  readonly #calls: string[] = []
  readonly #server: Server
  readonly #sockets: WebSocketServer
  #timer: NodeJS.Timeout | undefined
  #beat: NodeJS.Timeout | undefined
  #due = 0
  #turn = 0
  #several = 1
  #reorder = false
  #repeat = false
  #hangs = false
  #connections = 0
  #changes = 0
  #limit = { status: 429, calls: 0, retryAfter: 1 }
  readonly #pending = new Map<string, FakeTrade[]>()

  private constructor(dialect: Dialect) {
    this.#dialect = dialect
    this.market = new FakeMarket(dialect.symbols)
    this.#server = createServer((request, response) => this.#call(request, response))
    this.#sockets = new WebSocketServer({ server: this.#server, perMessageDeflate: true })
    this.#sockets.on('connection', (socket, { url }) => this.#connected(socket, url ?? '/'))
  }

  static async start(dialect: Dialect): Promise<FakeVenue> {
    const venue = new FakeVenue(dialect)
    await new Promise<void>((resolve) => {
      venue.#server.listen(0, '127.0.0.1', resolve)
    })
    const { heartbeat } = dialect
    if (heartbeat)
      venue.#beat = setInterval(() => {
        const text = heartbeat(venue.market)
        if (text !== undefined)
          for (const { silent, topics, socket } of venue.#clients) if (!silent && topics.size > 0) socket.send(text)
      }, 500)
    return venue
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get state(): VenueState {
    const trades = this.market.symbols.map((symbol) => {
      const made = this.market.of(symbol)
      return [symbol, { first: made[0]?.id ?? 0, last: made.at(-1)?.id ?? -1 }] as const
    })
    let [buffered, subscriptions] = [0, 0]
    for (const { socket, topics } of this.#clients) {
      buffered += socket.bufferedAmount
      subscriptions += topics.size
    }
    return {
      books: Object.fromEntries([...this.market.books].map(([symbol, book]) => [symbol, book.top(20)])),
      trades: Object.fromEntries(trades),
      sockets: this.#clients.size,
      subscriptions,
      connections: this.#connections,
      calls: [...this.#calls],
      buffered,
    }
  }

  order(order: Order): void {
    switch (order.do) {
      case 'cut': {
        const clients = [...this.#clients]
        for (const { socket } of order.which === 'all' ? clients : clients.slice(0, 1)) socket.terminate()
        break
      }
      case 'silence':
        for (const client of this.#clients) client.silent = true
        break
      case 'lag':
        for (const client of this.#clients) client.lagMs = order.ms
        break
      case 'hang':
        this.#hangs = true
        break
      case 'speak':
        this.#hangs = false
        break
      case 'several':
        this.#several = order.count
        break
      case 'reorder':
        this.#reorder = true
        break
      case 'repeat':
        this.#repeat = true
        break
      case 'refuse':
        this.#refused.add(order.topic)
        break
      case 'accept':
        this.#refused.delete(order.topic)
        break
      case 'limit':
        this.#limit = order
        break
      case 'send':
        for (const { socket } of this.#clients) socket.send(order.text)
        break
      case 'frame':
        for (const { socket } of this.#clients) socket.send('x'.repeat(order.bytes))
        break
      case 'rate':
        this.#run(order.perSecond)
        break
      case 'books':
        for (let i = 1; i <= order.changes; i++) this.#changeBooks(i === order.changes ? order.lose : undefined)
        break
      case 'burst':
        for (let i = 0; i < order.trades; i++) for (const symbol of this.market.symbols) this.#trade(symbol)
        break
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    clearInterval(this.#beat)
    for (const { socket } of this.#clients) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  #run(perSecond: number): void {
    clearInterval(this.#timer)
    if (perSecond === 0) return
    let last = performance.now()
    this.#timer = setInterval(() => {
      const now = performance.now()
      this.#due += ((now - last) * perSecond) / 1000
      last = now
      const { symbols } = this.market
      for (; this.#due >= 1; this.#due--) this.#trade(symbols[this.#turn++ % symbols.length] as string)
    }, 5)
  }

  #trade(symbol: string): void {
    const pending = this.#pending.get(symbol) ?? []
    this.#pending.set(symbol, pending)
    pending.push(this.market.trade(symbol))
    const wanted = this.#reorder ? Math.max(2, this.#several) : this.#several
    if (pending.length < wanted) return
    this.#pending.delete(symbol)
    const ordered = this.#reorder ? pending.toReversed() : pending
    const frames = this.#reorder ? ordered.flatMap((one) => this.#dialect.tradeFrames([one])) : this.#dialect.tradeFrames(ordered)
    const topic = this.#dialect.tradeTopic(symbol)
    for (const { socket, topics, silent, lagMs } of this.#clients)
      if (!silent && topics.has(topic))
        for (const frame of this.#repeat ? frames.flatMap((one) => [one, one]) : frames) {
          if (lagMs > 0) setTimeout(() => socket.send(frame), lagMs)
          else socket.send(frame)
        }
  }

  #changeBooks(lost: string | undefined): void {
    this.#changes++
    for (const book of this.market.books.values()) {
      const { bookFrame, bookTopic } = this.#dialect
      const frame = bookFrame?.(book.change(this.#changes), book)
      const topic = bookTopic?.(book.symbol) ?? ''
      if (frame === undefined || book.symbol === lost) continue
      for (const { socket, topics, silent } of this.#clients) if (!silent && topics.has(topic)) socket.send(frame)
    }
  }

  #connected(socket: WebSocket, path: string): void {
    this.#connections++
    const client: Client = { socket, topics: new Set(), silent: this.#hangs, lagMs: 0 }
    this.#clients.add(client)
    socket.on('close', () => this.#clients.delete(client))
    socket.on('error', () => {})
    socket.on('message', (data) => {
      const text = String(data)
      const asked = this.#dialect.asked(text, path)
      if (client.silent) return
      if (!asked) {
        const answer = this.#dialect.answer?.(text)
        if (answer !== undefined) socket.send(answer)
        return
      }
      const refused = (topic: string) => this.#refused.has(topic)
      for (const topic of asked.topics) if (!refused(topic)) client.topics.add(topic)
      for (const answer of asked.answer(refused)) socket.send(answer)
      const { bookTopic, bookSnapshot } = this.#dialect
      for (const book of this.market.books.values()) {
        const snapshot = asked.topics.includes(bookTopic?.(book.symbol) ?? '') ? bookSnapshot?.(book) : undefined
        if (snapshot !== undefined) socket.send(snapshot)
      }
    })
  }

  #call(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://venue')
    this.#calls.push(`${url.pathname}${url.search}`)
    if (this.#limit.calls > 0) {
      this.#limit.calls--
      response.writeHead(this.#limit.status, { 'retry-after': String(this.#limit.retryAfter) })
      response.end('{"code":-1003,"msg":"Too much request weight used"}')
      return
    }
    const { status = 200, headers = {}, body } = this.#dialect.rest(url, this.market) ?? { status: 404, body: {} }
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}
