import { randomUUID } from 'node:crypto'
import { type Pool, type PoolClient, withClient } from '../../database/connections/pool.ts'
import { type Alert, alert, formatTime, type Micros, parseTime } from '../../types/index.ts'
import { choose, type MessagePolicy, type Notice } from './choose.ts'
import { kindOf, note, type Subject, subjectOf } from './subject.ts'

/** A claimed message. No other process sends it until the lease is over. */
export interface Claim {
  readonly id: string
  readonly notices: readonly Notice[]
}

export interface LedgerOptions {
  readonly pool: Pool
  readonly destination: string
  readonly policy: MessagePolicy
  /** Time to send a claimed message, in milliseconds. After a crash it is due again when this is over. */
  readonly leaseMs: number
  /** An unsent alert that ended longer ago than this is not sent, in microseconds. */
  readonly maxAge: Micros
}

/** Most alerts in one message. */
const MOST = 200
const MINUTE = 60_000_000

const TIME = (expression: string) => `to_char(${expression} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
const TURN = "select pg_advisory_xact_lock(hashtextextended('alert_messages ' || $1, 0))"
const NOW = `select ${TIME('clock_timestamp()')} as now`
const KNOWN = `select subject, alert, active, told, ${TIME('due_at')} as due_at from alert_messages where destination = $1 and subject = any ($2)`
const NOTE = `insert into alert_messages (destination, subject, alert, active, told, due_at)
  select $1, * from unnest($2::text[], $3::json[], $4::boolean[], $5::boolean[], $6::timestamptz[])
  on conflict (destination, subject) do update set alert = excluded.alert, active = excluded.active, told = excluded.told, due_at = excluded.due_at`
const DUE = `select subject, alert, active, told, held from alert_messages
  where destination = $1 and due_at <= $2 and (claimed_until is null or claimed_until <= $2)
  order by array_position(array['critical', 'warning', 'info'], alert->>'severity'), due_at, subject limit ${MOST}`
const SENT = `select ${TIME('at')} as at from alert_messages_sent where destination = $1 and at > $2 order by at`
const CLAIM = 'update alert_messages set claim = $3, claimed_until = $4 where destination = $1 and subject = any ($2)'
const COUNT = 'insert into alert_messages_sent (destination, at) values ($1, $2)'
const FORGET = 'delete from alert_messages_sent where destination = $1 and at <= $2'
const POSTPONE = 'update alert_messages set due_at = $3, held = true where destination = $1 and subject = any ($2)'
/** The time at which the next message is due. */
const NEXT = `select ${TIME('min(greatest(due_at, claimed_until))')} as at from alert_messages where destination = $1 and due_at is not null`
/** Marks alerts as sent. One that has changed since the claim is due at once. */
const TOLD = `update alert_messages as m set told = t.active, claim = null, claimed_until = null, held = false,
    due_at = case when m.active <> t.active then clock_timestamp() when m.active then clock_timestamp() + $5::bigint * interval '1 microsecond' end
  from unnest($3::text[], $4::boolean[]) as t (subject, active) where m.destination = $1 and m.claim = $2 and m.subject = t.subject`
const RELEASE = `update alert_messages set claim = null, claimed_until = null, held = true where destination = $1 and claim = $2`

interface Row {
  readonly subject: string
  readonly alert: unknown
  readonly active: boolean
  readonly told: boolean
}

/**
 * The messages of one destination about alerts: one when an alert is raised and one when it is over, however often its records arrive. A
 * message is claimed before it is sent, so a crash repeats at most one.
 */
export class MessageLedger {
  readonly #options: LedgerOptions

  constructor(options: LedgerOptions) {
    this.#options = options
  }

  /** Notes records of alerts, in order; durable when it returns. */
  async note(alerts: readonly Alert[]): Promise<void> {
    const { destination, maxAge, policy } = this.#options
    await this.#inTurn(async (client, now) => {
      const subjects = [...new Set(alerts.map(subjectOf))]
      const { rows } = await client.query<Row & { due_at: string | null }>(KNOWN, [destination, subjects])
      const before = new Map(
        rows.map((row): [string, Subject] => [
          row.subject,
          {
            alert: alert.fromWire(row.alert),
            active: row.active,
            told: row.told,
            dueAt: row.due_at === null ? undefined : parseTime(row.due_at),
          },
        ]),
      )
      const after = new Map(before)
      for (const one of alerts) {
        const noted = note(after.get(subjectOf(one)), one, { now, maxAge, remind: policy.remind })
        after.set(subjectOf(one), noted)
      }
      const changed = [...after].filter(([subject, state]) => before.get(subject) !== state)
      if (changed.length === 0) return
      await client.query(NOTE, [
        destination,
        changed.map(([subject]) => subject),
        changed.map(([, state]) => JSON.stringify(alert.toWire(state.alert))),
        changed.map(([, state]) => state.active),
        changed.map(([, state]) => state.told),
        changed.map(([, { dueAt }]) => (dueAt === undefined ? null : formatTime(dueAt))),
      ])
    })
  }

  /** @returns the next message, or the time until one is due, in milliseconds; undefined: none is due without another record */
  async claim(): Promise<Claim | { readonly waitMs: number | undefined }> {
    const { destination, policy, leaseMs } = this.#options
    return this.#inTurn(async (client, now) => {
      await client.query(FORGET, [destination, formatTime(now - MINUTE)])
      const { rows: sent } = await client.query<{ at: string }>(SENT, [destination, formatTime(now - MINUTE)])
      const { rows } = await client.query<Row & { held: boolean }>(DUE, [destination, formatTime(now)])
      const due = rows.map(
        (row): Notice => ({ subject: row.subject, kind: kindOf(row), alert: alert.fromWire(row.alert), held: row.held }),
      )
      const until = policy.quietUntil(now)
      const { message, postponed } = choose(due, policy.atMost - sent.length, until !== undefined, policy)
      if (until !== undefined && postponed.length > 0)
        await client.query(POSTPONE, [destination, postponed.map(({ subject }) => subject), formatTime(until)])
      if (message.length > 0) {
        const id = randomUUID()
        const subjects = message.map(({ subject }) => subject)
        await client.query(CLAIM, [destination, subjects, id, formatTime(now + leaseMs * 1000)])
        await client.query(COUNT, [destination, formatTime(now)])
        return { id, notices: message }
      }
      // The limit is reached: the next message can go when the oldest is a minute old.
      if (due.length > postponed.length) return { waitMs: (parseTime(sent[0]?.at as string) + MINUTE - now) / 1000 }
      const { rows: next } = await client.query<{ at: string | null }>(NEXT, [destination])
      const at = next[0]?.at
      return { waitMs: at == null ? undefined : Math.max(0, parseTime(at) - now) / 1000 }
    })
  }

  /** Records that the message of a claim was sent. */
  async sent({ id, notices }: Claim): Promise<void> {
    const { pool, destination, policy } = this.#options
    const subjects = notices.map(({ subject }) => subject)
    const active = notices.map(({ kind }) => kind === 'raised' || kind === 'reminder')
    await pool.query(TOLD, [destination, id, subjects, active, policy.remind ?? null])
  }

  /** Makes the unsent message of a claim due again. */
  async release({ id }: Claim): Promise<void> {
    const { pool, destination } = this.#options
    await pool.query(RELEASE, [destination, id])
  }

  /** Serializes the processes of a destination; `now` is the database's clock. */
  #inTurn<T>(work: (client: PoolClient, now: Micros) => Promise<T>): Promise<T> {
    const { pool, destination } = this.#options
    return withClient(
      pool,
      async (client) => {
        await client.query('begin')
        await client.query(TURN, [destination])
        const { rows } = await client.query<{ now: string }>(NOW)
        const result = await work(client, parseTime(rows[0]?.now as string))
        await client.query('commit')
        return result
      },
      { about: 'alert_messages' },
    )
  }
}
