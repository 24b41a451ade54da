import { describe, expect, test } from 'vitest'
import { explainIncident, type Incident } from '../../lib/src/base/agent/index.ts'
import type { Outage } from '../../lib/src/base/types/index.ts'
import { decide } from '../../lib/src/streaming/platform/agents/crypto-platform/decide.ts'
import { type Backlog, LagWatch } from '../../lib/src/streaming/platform/agents/crypto-platform/LagWatch.ts'
import { withDone } from '../../lib/src/streaming/platform/agents/crypto-platform/record.ts'
import { scalingOf } from '../../lib/src/streaming/platform/agents/crypto-platform/scaling.ts'
import { cryptoPlatformSettings } from '../../lib/src/streaming/platform/agents/crypto-platform/settings.ts'
import type { Snapshot } from '../../lib/src/streaming/platform/agents/crypto-platform/snapshot.ts'

const settings = cryptoPlatformSettings.parse({})
const T0 = Date.parse('2026-01-01T00:00:00Z')
const at = (seconds: number): number => T0 + seconds * 1000
const iso = (seconds: number): string => new Date(at(seconds)).toISOString()

describe('scaling', () => {
  const see = (watch: LagWatch, seconds: number, lag: number, members = 1, most = 4): Backlog =>
    watch.note({ consumer: 'c', members, most, lag }, at(seconds))
  const decided = (backlog: Backlog, seconds: number) => scalingOf(backlog, settings, at(seconds))

  test('grows only after a long lag, by as many members as it needs, up to the maximum', () => {
    const watch = new LagWatch(settings)
    expect(decided(see(watch, 0, 50_000), 0)).toBeUndefined()
    expect(decided(see(watch, 29, 50_000), 29)).toBeUndefined()
    expect(decided(see(watch, 30, 50_000), 30)).toMatchObject({
      from: 1,
      to: 3,
      why: '50000 records wait, more than 20000 for each reader, for 30 s',
    })
    expect(decided(see(watch, 60, 900_000, 3), 60)).toBeUndefined() // three members start the time again
    expect(decided(see(watch, 90, 900_000, 3), 90)).toMatchObject({ to: 4 })
    see(watch, 91, 900_000, 4)
    expect(decided(see(watch, 999, 900_000, 4), 999)).toBeUndefined()
  })

  test('a short lag changes nothing, nor one between the limits', () => {
    const watch = new LagWatch(settings)
    for (let seconds = 0; seconds < 3000; seconds += 20)
      expect(decided(see(watch, seconds, (seconds / 20) % 2 ? 45_000 : 900, 2), seconds)).toBeUndefined()
    for (let seconds = 3000; seconds < 6000; seconds += 30)
      expect(decided(see(watch, seconds, 15_000, 2), seconds)).toBeUndefined()
  })

  test('shrinks by one at a time, each after its own calm', () => {
    const watch = new LagWatch(settings)
    see(watch, 0, 10, 3)
    expect(decided(see(watch, 299, 0, 3), 299)).toBeUndefined()
    expect(decided(see(watch, 300, 0, 3), 300)).toMatchObject({ from: 3, to: 2 })
    expect(decided(see(watch, 330, 0, 2), 330)).toBeUndefined()
    expect(decided(see(watch, 630, 0, 2), 630)).toMatchObject({ to: 1 })
    see(watch, 631, 0, 1)
    expect(decided(see(watch, 9999, 0, 1), 9999)).toBeUndefined()
  })

  test('members beyond the maximum leave at once', () => {
    expect(decided(see(new LagWatch(settings), 0, 99_999, 4, 2), 0)).toMatchObject({ from: 4, to: 2 })
  })
})

describe('incidents', () => {
  const outage = (more: Partial<Outage> = {}): Outage => ({
    ...{ part: 'source s', status: 'degraded', since: at(0), summary: 'no answer', code: 'UNAVAILABLE' },
    ...more,
  })
  const seen = (seconds: number, outages: readonly Outage[], known: readonly Incident[] = []): Snapshot => ({
    ...{ now: at(seconds), act: true, status: 'degraded', running: true, backlogs: [], outages, known },
    ...{ parts: { 'source s': false }, restartable: ['source s'] },
  })
  /** The incidents in the store after a run. */
  const keptAfter = (snapshot: Snapshot): Incident[] => {
    const plan = decide(snapshot, settings)
    const restarts = plan.restarts.map(({ part }) => ({
      of: part,
      at: new Date(snapshot.now).toISOString(),
      what: 'restarted: x',
    }))
    const written = withDone({ plan, restarts, scalings: [] })
    const others = snapshot.known.filter((old) => !written.some(({ part, since }) => part === old.part && since === old.since))
    return [...written, ...others].toSorted((a, b) => b.since.localeCompare(a.since))
  }

  test('a part is restarted after a minute, two, four, and then left to a human', () => {
    let known: Incident[] = []
    const times: number[] = []
    for (let seconds = 0; seconds <= 1200; seconds += 10) {
      if (decide(seen(seconds, [outage()], known), settings).restarts.length > 0) times.push(seconds)
      known = keptAfter(seen(seconds, [outage()], known))
    }
    expect(times).toEqual([60, 180, 420])
    expect(known).toHaveLength(1)
    expect(known[0]?.done.map(({ what }) => what)).toEqual([
      ...Array.from({ length: 3 }, () => 'restarted: x'),
      'left as it is: restarted 3 times in vain',
    ])
  })

  test.each([
    ['UNAUTHORIZED', 'left as it is: a restart does not fix UNAUTHORIZED'],
    ['RATE_LIMITED', 'left as it is: it waits as long as the provider asks'],
  ] as const)('a restart does not fix %s, and a note says so once', (code, what) => {
    let known: Incident[] = []
    for (const seconds of [100, 200]) {
      expect(decide(seen(seconds, [outage({ code })], known), settings).restarts).toEqual([])
      known = keptAfter(seen(seconds, [outage({ code })], known))
    }
    expect(known[0]?.done.map((one) => one.what)).toEqual([what])
  })

  test('an outage across a restart of the process stays one incident, and ends once', () => {
    const first = keptAfter(seen(5, [outage()]))
    const over = keptAfter(seen(50, [outage({ since: at(40) })], first))
    expect(over).toMatchObject([{ since: iso(0), until: null }])
    const end = [outage({ since: at(40), until: at(70) })]
    const ended = keptAfter(seen(80, end, over))
    expect(ended).toMatchObject([{ since: iso(0), until: iso(70), ending: 'it is well again' }])
    expect(keptAfter(seen(90, end, ended))).toEqual(ended)
    const again = keptAfter(seen(100, [...end, outage({ since: at(95) })], ended))
    expect(again.map(({ since, until }) => [since, until])).toEqual([
      [iso(95), null],
      [iso(0), iso(70)],
    ])
  })

  test('a part that fails again right after its restart stays in the same incident, so its restarts are counted', () => {
    const restarted = keptAfter(seen(60, [outage()]))
    expect(restarted[0]?.done).toHaveLength(1)
    const blink = outage({ until: at(61) })
    const well = keptAfter(seen(62, [blink], restarted))
    expect(well).toMatchObject([{ until: iso(61) }])
    const again = keptAfter(seen(70, [blink, outage({ since: at(65) })], well))
    expect(again).toMatchObject([{ since: iso(0), until: null, ending: null, done: [{ at: iso(60) }] }])
    const ended = keptAfter(seen(90, [blink, outage({ since: at(65), until: at(80) })], again))
    expect(ended).toMatchObject([{ since: iso(0), until: iso(80) }])
    expect(keptAfter(seen(100, [blink, outage({ since: at(65), until: at(80) })], ended))).toEqual(ended)
  })

  test('an outage that is over before the first check is kept too; an incident that no outage reports any more ends', () => {
    const ended = keptAfter(seen(80, [outage({ part: 'store', status: 'down', until: at(30) })]))
    expect(ended).toMatchObject([{ part: 'store', status: 'down', until: iso(30) }])
    expect(explainIncident(ended[0] as Incident, at(80))).toBe(
      `store was down from ${iso(0)}, for 30 s (UNAVAILABLE: no answer). Nothing was done about it. It ended at ${iso(30)}: it is well again.`,
    )
    const open = keptAfter(seen(5, [outage({ part: 'source gone' })]))
    expect(keptAfter(seen(10, [], open))).toMatchObject([{ part: 'source gone', until: iso(10), ending: 'it runs here no more' }])
  })

  test('no action if the platform does not run, or act is false', () => {
    const snapshot = seen(100, [outage()])
    expect(decide({ ...snapshot, running: false }, settings)).toMatchObject({ incidents: [], restarts: [] })
    expect(decide({ ...snapshot, act: false }, settings)).toMatchObject({ incidents: [{ part: 'source s' }], restarts: [] })
  })
})
