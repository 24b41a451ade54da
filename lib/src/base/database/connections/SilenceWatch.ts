import pg from 'pg'

/** Silence after which the server is asked about a connection. */
const QUIET_MS = 10_000
const ASK_MS = 5_000

/**
 * SQL for a new connection: makes the server notice soon when this client is gone, and returns the id of the server's process. Behind a
 * pooler that id differs from the one announced at connect.
 */
export const IDENTIFY = `select set_config(s.name, v.value, false) from (values ('tcp_keepalives_idle', '10'),
    ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '25000'),
    ('client_connection_check_interval', '5000')) v (name, value)
  join pg_settings s using (name);
  select pg_backend_pid() as pid, concat_ws(':', host(inet_server_addr()), inet_server_port()) as server`

interface Inside {
  readonly processID: number | null
  readonly connection: { readonly stream: { readonly bytesRead: number; destroy(): void } }
}

/** The server process that answered {@link IDENTIFY}, which must be the last of the statements. */
const answererOf = (answers: unknown): { readonly pid: number; readonly server: string } | undefined =>
  ([answers].flat().at(-1) as pg.QueryResult<{ pid: number; server: string }> | undefined)?.rows[0]

/** True if another process answers than the one announced at connect. @param answers of {@link IDENTIFY} */
export const isPooled = (client: pg.ClientBase, answers: unknown): boolean =>
  answererOf(answers)?.pid !== inside(client).processID

interface Watched {
  readonly pid: number
  readonly server: string
  bytesRead: number
  quietSince: number
}

/**
 * Finds dead connections that got no close, such as those dropped by a router: an answer on them would never come. When a connection was
 * silent for long, another connection asks the server whether the session still exists, and the dead one is dropped. Slow statements are
 * not disturbed.
 */
export class SilenceWatch {
  readonly #url: () => string
  readonly #quietMs: number
  readonly #watched = new Map<pg.ClientBase, Watched>()
  #timer: NodeJS.Timeout | undefined
  #asking = false

  constructor(url: () => string, quietMs = QUIET_MS) {
    this.#url = url
    this.#quietMs = quietMs
  }

  /** @param answers results of statements of which {@link IDENTIFY} was the last */
  watch(client: pg.ClientBase, answers: unknown): void {
    const row = answererOf(answers)
    const { connection } = inside(client)
    if (!row || isPooled(client, answers)) return
    const watched = { ...row, bytesRead: connection.stream.bytesRead, quietSince: performance.now() }
    this.#watched.set(client, watched)
    client.once('end', () => this.#watched.delete(client))
    this.#timer ??= setInterval(() => void this.#look(), this.#quietMs / 4).unref()
  }

  async #look(): Promise<void> {
    if (this.#watched.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    const now = performance.now()
    const quiet = [...this.#watched].filter(([client, watched]) => {
      const { bytesRead } = inside(client).connection.stream
      if (bytesRead !== watched.bytesRead) Object.assign(watched, { bytesRead, quietSince: now })
      return now - watched.quietSince >= this.#quietMs
    })
    if (quiet.length === 0 || this.#asking) return
    this.#asking = true
    try {
      const { server, known } = await this.#ask(quiet.map(([, { pid }]) => pid))
      for (const [client, watched] of quiet) {
        if (watched.server === server && !known.has(watched.pid)) inside(client).connection.stream.destroy()
        watched.quietSince = performance.now()
      }
    } catch {
      // Nothing is dropped while the server cannot be asked.
    } finally {
      this.#asking = false
    }
  }

  async #ask(pids: readonly number[]): Promise<{ readonly server: string; readonly known: ReadonlySet<number> }> {
    const client = new pg.Client({
      connectionString: this.#url(),
      application_name: 'qicore silence',
      connectionTimeoutMillis: ASK_MS,
      query_timeout: ASK_MS,
    })
    client.on('error', () => {}) // the query fails
    try {
      await client.connect()
      const { rows } = await client.query<{ server: string; known: number[] }>(
        `select concat_ws(':', host(inet_server_addr()), inet_server_port()) as server,
           array(select pid from pg_stat_activity where pid = any($1::int[])) as known`,
        [pids],
      )
      return { server: rows[0]?.server ?? '', known: new Set(rows[0]?.known) }
    } finally {
      inside(client).connection.stream.destroy()
    }
  }
}

/** Internals of pg that its types leave out. */
const inside = (client: pg.ClientBase): Inside => client as unknown as Inside
