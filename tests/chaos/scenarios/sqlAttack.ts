import { availableParallelism, loadavg } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import type { Scenario } from '../scenario.ts'
import { underLoad } from '../underLoad.ts'
import { type Watched, watch } from '../watch.ts'

/** Held locks of the platform for an hour, without any limit of time, before SQL was parsed. */
const LOCK = `select i, case i when 1 then set_config('statement_timeout','0',false) when 2 then pg_advisory_lock(1)::text
  when 60 then pg_sleep(3600)::text end from generate_series(1,100) i`
/** Allowed statements that harm most: time, memory, temporary files, rows that each take a while. */
const HEAVY = [
  'select sum(a * b) from generate_series(1, 1000000) a, generate_series(1, 1000000) b',
  "select cardinality(array_agg(repeat('x', 10000000) || i)) from generate_series(1, 1000) i",
  'select count(*) from generate_series(1, 1000000000)',
  'select (select count(*) from generate_series(1, 100000 + i)) from generate_series(1, 1000) i',
  'select count(*) from crypto_prices a, crypto_prices b, crypto_prices c',
]
const CALLERS = 12
const STOP_MS = 30_000
/** Latest prices are answered within this time all along, where nobody else keeps the machine busy. */
const LATEST_MS = 1_000
/** A read that waited behind a query of the attackers would take longer than this: their deadline is twice as far. */
const BUSY_MS = 2_500

function latestMs(): number {
  const busy = (loadavg()[0] ?? 0) / availableParallelism()
  return busy < 1 ? LATEST_MS : BUSY_MS * Math.max(1, busy / 3)
}

const QUIET_MS = 5_000

interface Answer {
  /** True if the query takes locks of the platform. */
  readonly locks?: boolean
  readonly refused: boolean
  readonly text: string
}

/** Strangers send SQL through /mcp, each in a session of its own, as much and as bad as they can. */
export const scenario: Scenario = {
  name: 'sql-attack',
  summary: 'strangers send the worst SQL that they can; all others are answered, and the platform stops in time',
  run: (context) =>
    underLoad(context, { name: 'sql-attack' }, async ({ platform, restart, stored, wait }) => {
      const { url } = platform()
      const sessions: string[] = []
      for (let i = 0; i < CALLERS; i++) sessions.push(await openSession(url))
      const quiet = await whileQuiet(url)
      const most = latestMs()
      const latest = watch(`${url}/api/v1/prices/latest`)
      const health = watch(`${url}/health`)
      const until = performance.now() + context.seconds * 1000
      const answers: Answer[] = []
      const attack = async (session: string, caller: number): Promise<void> => {
        for (let i = caller; performance.now() < until; i++) {
          const sql = i % 6 === 0 ? LOCK : (HEAVY[i % HEAVY.length] as string)
          answers.push({ ...(await ask(url, session, sql)), locks: sql === LOCK })
        }
      }
      await Promise.all(sessions.map(attack))
      const [read, probed] = [await latest.stop(), await health.stop()]
      const plain = await wait(async () => {
        const answer = await ask(url, sessions[0] as string, 'select 1')
        return !answer.refused
      }, 'SQL to be answered again')
      const before = await stored()
      await wait(async () => (await stored()) > before, 'prices to be stored')

      // The stop comes in the middle of an attack.
      const last = sessions.map((session) => ask(url, session, HEAVY[0] as string).catch(() => {}))
      await setTimeout(500)
      const stopping = performance.now()
      const code = await platform().stop()
      const stopMs = Math.round(performance.now() - stopping)
      await Promise.all(last)
      await restart()
      const again = await ask(platform().url, await openSession(platform().url), 'select count(*) from crypto_prices')

      const outcomes = Object.groupBy(answers, ({ text }) => /^\w+/.exec(text)?.[0] ?? '')
      const counts = Object.fromEntries(Object.entries(outcomes).map(([kind, found]) => [kind, found?.length]))
      return {
        quiet: { asked: quiet.asked, slowestMs: quiet.slowestMs },
        latest: { asked: read.asked, slowestMs: read.slowestMs },
        health: { asked: probed.asked, slowestMs: probed.slowestMs },
        answers: counts,
        stopMs,
        problems: [
          ...read.failed.map((failure) => `latest prices: ${failure}`),
          ...probed.failed.map((failure) => `health: ${failure}`),
          read.slowestMs > Math.max(most, latestMs()) && `latest prices took ${read.slowestMs} ms`,
          // A heavy query may be answered where the machine is quick enough.
          answers.some(({ locks, refused }) => locks && !refused) && 'a query that locks was answered',
          !counts.FORBIDDEN && 'no attack was refused by the list of functions',
          !counts.TIMEOUT && 'no attack was ended by its deadline',
          !counts.RATE_LIMITED && 'nobody was told that there is no place',
          !plain && 'SQL is no longer answered',
          code !== 0 && `the stop ended with code ${code}`,
          stopMs > STOP_MS && `the stop took ${stopMs} ms`,
          again.refused && `after another start: ${again.text}`,
        ],
      }
    }),
}

async function whileQuiet(url: string): Promise<Watched> {
  const watched = watch(`${url}/api/v1/prices/latest`)
  await setTimeout(QUIET_MS)
  return watched.stop()
}

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

async function post(url: string, headers: Readonly<Record<string, string>>, body: object): Promise<Response> {
  return fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...body }),
  })
}

async function openSession(url: string): Promise<string> {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'stranger', version: '0' } }
  const response = await post(url, {}, { id: 1, method: 'initialize', params })
  await response.text()
  const session = response.headers.get('mcp-session-id') ?? ''
  await (await post(url, { 'mcp-session-id': session }, { method: 'notifications/initialized' })).text()
  return session
}

async function ask(url: string, session: string, sql: string): Promise<Answer> {
  const call = { id: 2, method: 'tools/call', params: { name: 'timeseries_query', arguments: { sql, limit: 200 } } }
  const body = await (await post(url, { 'mcp-session-id': session }, call)).text()
  const { result, error } = JSON.parse(/^data: (.*)$/m.exec(body)?.[1] ?? body)
  return { refused: result?.isError === true || error !== undefined, text: result?.content?.[0]?.text ?? JSON.stringify(error) }
}
