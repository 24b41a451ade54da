import { describe, expect, test } from 'vitest'
import {
  type Claim,
  type LedgerOptions,
  MessageLedger,
  type MessagePolicy,
  openAlerts,
} from '../../../lib/src/base/alerts/index.ts'
import { testStore } from '../../database/testStore.ts'
import { anAlert } from './anAlert.ts'

const store = await testStore()
await openAlerts(store.pool)

const HOUR = 3_600_000_000
let ledgers = 0
function ledger(policy: Partial<MessagePolicy> = {}, more: Partial<LedgerOptions> = {}) {
  const destination = more.destination ?? `desk ${ledgers++}`
  const usual: MessagePolicy = {
    atMost: 100,
    groupBy: ({ name, coinId }) => `${name} ${coinId}`,
    quietUntil: () => undefined,
    remind: undefined,
  }
  return new MessageLedger({
    pool: store.pool,
    leaseMs: 60_000,
    maxAge: HOUR,
    ...more,
    destination,
    policy: { ...usual, ...policy },
  })
}
const NOW = Date.now() * 1000
const raised = (coin: string, more = {}) => anAlert({ coinId: coin, time: NOW, receivedAt: NOW, asOf: NOW, ...more })
const cleared = (coin: string, more = {}) => raised(coin, { receivedAt: NOW + 1, clearedAt: NOW + 1, ...more })
const isClaim = (one: Awaited<ReturnType<MessageLedger['claim']>>): one is Claim => 'id' in one
const said = ({ notices }: Claim) => notices.map(({ kind, alert }) => `${alert.coinId} ${kind}`)
/** All messages that may be sent now. */
async function sent(from: MessageLedger): Promise<string[][]> {
  const messages: string[][] = []
  for (let claim = await from.claim(); isClaim(claim); claim = await from.claim()) {
    messages.push(said(claim))
    await from.sent(claim)
  }
  return messages
}

describe('of one alert', () => {
  test('10,000 repeats are one message, and one when it clears', async () => {
    const desk = ledger()
    const repeats = Array.from({ length: 5000 }, () => raised('a'))
    await desk.note(repeats)
    expect(await sent(desk)).toEqual([['a raised']])
    await desk.note(repeats)
    await desk.note([...repeats.slice(0, 10), cleared('a'), cleared('a'), raised('a')])
    expect(await sent(desk)).toEqual([['a cleared']])
    await desk.note([cleared('a'), raised('a')])
    expect(await sent(desk)).toEqual([])
  })

  test('each destination sends it once', async () => {
    const [one, other] = [ledger(), ledger()]
    for (const desk of [one, other]) await desk.note([raised('a')])
    expect(await sent(one)).toEqual([['a raised']])
    expect(await sent(other)).toEqual([['a raised']])
  })

  test('a claimed message is not claimed by another process, until the lease of a killed process expires, then once', async () => {
    const desk = ledger()
    await desk.note([raised('a')])
    const claims = await Promise.all([desk.claim(), desk.claim(), desk.claim()])
    expect(claims.filter(isClaim)).toHaveLength(1)
    const dead = ledger({}, { destination: 'desk of the dead', leaseMs: 0 })
    await dead.note([raised('a')])
    expect(isClaim(await dead.claim())).toBe(true)
    expect(await sent(dead)).toEqual([['a raised']])
  })

  test('a message that failed is due again, with the changes since', async () => {
    const desk = ledger()
    await desk.note([raised('a')])
    await desk.release((await desk.claim()) as Claim)
    await desk.note([cleared('a')])
    expect(await sent(desk)).toEqual([['a over']])
  })

  test('an alert that cleared while its message was being sent gets one more message', async () => {
    const desk = ledger()
    await desk.note([raised('a')])
    const claim = (await desk.claim()) as Claim
    await desk.note([cleared('a')])
    await desk.sent(claim)
    expect(await sent(desk)).toEqual([['a cleared']])
  })

  test('reminders come while it is active, and name the time of the next', async () => {
    const desk = ledger({ remind: 60_000_000 })
    await desk.note([raised('a')])
    expect(await sent(desk)).toEqual([['a raised']])
    expect(await desk.claim()).toMatchObject({ waitMs: expect.closeTo(60_000, -4) })
    const soon = ledger({ remind: 1 })
    await soon.note([raised('a')])
    const first = (await soon.claim()) as Claim
    await soon.sent(first)
    expect(said((await soon.claim()) as Claim)).toEqual(['a reminder'])
    const over = ledger({ remind: 1 })
    await over.note([raised('a'), cleared('a')])
    expect(await sent(over)).toEqual([['a over']])
    expect(await over.claim()).toEqual({ waitMs: undefined })
  })
})

describe('of many', () => {
  test('at most a set number of messages a minute are sent; the last one summarises the rest', async () => {
    const desk = ledger({ atMost: 3 })
    await desk.note(['a', 'b', 'c', 'd', 'e'].map((coin) => raised(coin)))
    const messages = await sent(desk)
    expect(messages.map((one) => one.length)).toEqual([1, 1, 3])
    expect(messages.flat().sort()).toEqual(['a raised', 'b raised', 'c raised', 'd raised', 'e raised'])
    await desk.note([cleared('a')])
    const { waitMs } = (await desk.claim()) as { waitMs: number }
    expect(waitMs).toBeGreaterThan(30_000)
    expect(waitMs).toBeLessThanOrEqual(60_000)
  })

  test('alerts of one group that are due together are one message, the most urgent first', async () => {
    const desk = ledger({ groupBy: ({ name }) => name })
    await desk.note([raised('a'), raised('b'), raised('c', { name: 'below 1', severity: 'critical' })])
    expect(await sent(desk)).toEqual([['c raised'], ['a raised', 'b raised']])
  })

  test('in quiet hours only critical alerts are sent; afterwards the others are one message', async () => {
    let quiet = true
    const desk = ledger({ quietUntil: (now) => (quiet ? now + 1 : undefined) })
    await desk.note([raised('a'), raised('b'), raised('c', { severity: 'critical' })])
    expect(said((await desk.claim()) as Claim)).toEqual(['c raised'])
    quiet = false
    const held = await sent(desk)
    expect(held).toEqual([['a raised', 'b raised']])
  })
})
