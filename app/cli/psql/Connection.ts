import { connect } from 'node:net'
import pg from 'pg'

/** Most rows, and most characters of them, that one answer shows. */
const MOST_ROWS = 10_000
const MOST_CHARACTERS = 32 * 2 ** 20

/** The answer to one statement. Each value is PostgreSQL's own text, so that no digit is lost. */
export interface Answer {
  /** Such as `SELECT` or `SET`. */
  readonly command: string
  readonly columns: readonly { readonly name: string; readonly type: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
  /** True if there were more rows than are shown. */
  readonly more: boolean
}

interface Collected {
  readonly rows: (string | null)[][]
  characters: number
}

const AS_TEXT = { getTypeParser: () => (text: unknown) => text } as never

/** The database connection of one prompt. */
export class Connection implements AsyncDisposable {
  readonly #client: pg.Client
  #running = false

  constructor(client: pg.Client) {
    this.#client = client
    client.on('error', () => {}) // the next statement fails
  }

  static async open(url: string): Promise<Connection> {
    const client = new pg.Client({ connectionString: url, application_name: 'qicore psql', connectionTimeoutMillis: 10_000 })
    await client.connect()
    await client.query("set datestyle = iso; set timezone = 'UTC'; set extra_float_digits = 1")
    return new Connection(client)
  }

  /** True while a statement runs. */
  get running(): boolean {
    return this.#running
  }

  /** Id of the server process of this connection. */
  get pid(): number {
    return (this.#client as unknown as { readonly processID: number }).processID
  }

  /** Runs one or more SQL statements. A statement with more than the most rows is cancelled. @throws DatabaseError */
  async run(text: string): Promise<readonly Answer[]> {
    const collected = new Map<unknown, Collected>()
    let more = false
    const { promise, resolve, reject } = Promise.withResolvers<readonly pg.QueryArrayResult[]>()
    let last: pg.QueryArrayResult | undefined
    const query = new pg.Query<(string | null)[]>({ text, rowMode: 'array', types: AS_TEXT } as pg.QueryConfig)
    query.on('row', (row, result) => {
      const rows = row as unknown as (string | null)[]
      last = result as unknown as pg.QueryArrayResult
      const kept = collected.get(result) ?? { rows: [], characters: 0 }
      collected.set(result, kept)
      if (more) return
      kept.characters += rows.reduce((sum, value) => sum + (value?.length ?? 0), 0)
      more = kept.rows.length === MOST_ROWS || kept.characters > MOST_CHARACTERS
      if (more) this.cancel()
      else kept.rows.push(rows)
    })
    query.on('error', reject)
    query.on('end', (found) => resolve([found].flat() as unknown as pg.QueryArrayResult[]))
    this.#running = true
    try {
      this.#client.query(query)
      const results = await promise
      return results.map((result) => answerOf(result, collected.get(result), false))
    } catch (error) {
      if (!more || !last) throw error
      return [answerOf(last, collected.get(last), true)]
    } finally {
      this.#running = false
    }
  }

  /** Cancels the running statement, over a second connection as the protocol requires. */
  cancel(): void {
    if (!this.#running) return
    const { processID, secretKey, host, port } = this.#client as unknown as {
      readonly processID: number
      readonly secretKey: number
      readonly host: string
      readonly port: number
    }
    const request = Buffer.alloc(16)
    for (const [at, value] of [16, CANCEL, processID, secretKey].entries()) request.writeInt32BE(value, at * 4)
    const socket = connect({ host, port })
    socket.on('error', () => {}) // the statement goes on
    socket.end(request)
  }

  close(): Promise<void> {
    return this.#client.end().catch(() => {})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** CancelRequest of PostgreSQL's protocol. */
const CANCEL = 80_877_102

const answerOf = (result: pg.QueryArrayResult, kept: Collected | undefined, more: boolean): Answer => ({
  command: result.command ?? 'SELECT',
  columns: result.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
  rows: kept?.rows ?? [],
  more,
})
