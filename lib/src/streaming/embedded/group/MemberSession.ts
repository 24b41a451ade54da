import type pg from 'pg'
import { classifyPgError, type LockKeys } from '../../../base/database/index.ts'
import { QiError } from '../../../base/types/index.ts'
import type { Connections } from '../Connections.ts'

/** After this long without an answer the session counts as lost: a member's statements are short. */
const ANSWER_MS = 15_000

/** The database session that holds a member's locks. They are released the moment it ends, for whatever reason. */
export class MemberSession {
  readonly #client: pg.Client
  readonly keys: LockKeys
  /** Resolves when the session has ended. */
  readonly lost: Promise<void>
  #alive = true
  #last: Promise<unknown> = Promise.resolve()

  private constructor(client: pg.Client, keys: LockKeys) {
    this.keys = keys
    this.#client = client
    this.lost = new Promise((resolve) => {
      client.once('end', () => {
        this.#alive = false
        resolve()
      })
    })
  }

  static async open(connections: Connections, signal: AbortSignal): Promise<MemberSession> {
    return new MemberSession(await connections.session(signal), connections.keys)
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Runs one statement at a time. @param name set for a statement that is repeated often, to plan it once. @throws QiError */
  query<R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = [], name?: string): Promise<readonly R[]> {
    const answer = this.#last.then(() => this.#query<R>({ text, values: [...values], ...(name && { name }) }))
    this.#last = answer.catch(() => {})
    return answer
  }

  async #query<R extends pg.QueryResultRow>(statement: pg.QueryConfig): Promise<readonly R[]> {
    if (!this.#alive) throw new QiError('UNAVAILABLE', 'the connection of the group member was lost')
    const watch = setTimeout(() => void this.end(), ANSWER_MS)
    try {
      return (await this.#client.query<R>(statement)).rows
    } catch (error) {
      const failure = classifyPgError(error)
      if (failure.code === 'UNAVAILABLE') void this.end()
      throw failure
    } finally {
      clearTimeout(watch)
    }
  }

  /** Ends the session at once, even while a statement runs. */
  async end(): Promise<void> {
    this.#alive = false
    await this.#client.end().catch(() => {})
  }
}
