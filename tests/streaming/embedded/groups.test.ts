import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lockKeys } from '../../../lib/src/base/database/index.ts'
import { assign } from '../../../lib/src/streaming/embedded/group/assignment.ts'
import { balanced, Member, numbered, range, topicFor } from '../../contracts/stream/collector.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { openLog, unique } from './openLog.ts'

const { url } = await testDatabase()

interface Line {
  readonly assigned?: number
  readonly values?: readonly string[]
  readonly commit?: boolean
  readonly partition?: number
}

function startMember(group: string, topic: string): { readonly child: ChildProcess; readonly lines: Line[] } {
  const script = fileURLToPath(new URL('./memberProcess.ts', import.meta.url))
  const child = spawn(process.execPath, [script, url, group, topic], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: Line[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line))
  return { child, lines }
}

describe('a member', () => {
  test('that cannot join leaves no session behind that would keep its share', async () => {
    const stream = await openLog(url, { lock_timeout_ms: 300 })
    const topic = await topicFor(stream, 'locked', 2)
    const group = unique('locked')
    const admin = new pg.Client(url)
    await admin.connect()
    onTestFinished(() => admin.end())
    await admin.query('begin; lock table qicore_stream.group_offsets in share mode')
    await expect(Member.join(stream, { group, topics: [topic] })).rejects.toMatchObject({ retryable: true })
    await admin.query('rollback')
    await until(async () => (await stream.describeGroups([group]))[0]?.members.length === 0, 'the member to leave')
    const member = await Member.join(stream, { group, topics: [topic] })
    await balanced([member], 2)
  })

  test('that is killed -9 loses its partitions at once, and no message is lost', async () => {
    const stream = await openLog(url)
    const topic = await topicFor(stream, 'killed', 4)
    const group = unique('killed')
    const { child, lines } = startMember(group, topic)
    await until(() => lines[0]?.assigned === 4, 'the child to join')
    const survivor = await Member.join(stream, { group, topics: [topic] })
    await balanced([survivor], 2)
    await stream.append(topic, numbered(5000, { keys: 100 }))
    await until(() => lines.filter((line) => line.values).length > 6, 'the child to read')
    child.kill('SIGKILL')
    await once(child, 'close') // all it printed has been read
    const killed = performance.now()
    await balanced([survivor], 4)
    // Faster than any heartbeat timeout.
    expect(performance.now() - killed).toBeLessThan(10_000)
    const acknowledged = new Set(
      [...Map.groupBy(lines, ({ partition }) => partition).values()].flatMap((own) =>
        own.slice(0, own.findLastIndex(({ commit }) => commit) + 1).flatMap(({ values = [] }) => values),
      ),
    )
    await survivor.until(
      (seen) => new Set([...seen.map(({ value }) => value.toString()), ...acknowledged]).size === 5000,
      'all values',
    )
    expect(acknowledged.size).toBeGreaterThan(0)
    await until(async () => (await stream.lag(group)).every(({ lag }) => lag === 0n), 'all to be committed')
  })

  test('whose session is terminated joins again and continues at its position', async () => {
    const stream = await openLog(url)
    const topic = await topicFor(stream, 'ended', 2)
    const group = unique('ended')
    const member = await Member.join(stream, { group, topics: [topic] }, { commit: false })
    await stream.append(topic, numbered(100))
    await member.count(100)
    const admin = new pg.Client(url)
    await admin.connect()
    onTestFinished(() => admin.end())
    /** Sessions that own partitions. */
    const sessions = async () => {
      const { rows } = await admin.query<{ pid: number }>(
        `select distinct pid from pg_locks
         where locktype = 'advisory' and objsubid = 2 and classid > $1::oid and classid < $1::oid::bigint + 1000000 and granted and pid <> pg_backend_pid()
           and database = (select oid from pg_database where datname = current_database())`,
        [(await lockKeys(admin)).partitions],
      )
      return rows.map(({ pid }) => pid)
    }
    const before = await sessions()
    expect(before).toHaveLength(1)
    await admin.query('select pg_terminate_backend(pid, 60000) from unnest($1::int[]) as pid', [before])
    await until(async () => (await sessions()).length === 1, 'another session')
    expect(await sessions()).not.toEqual(before)
    await balanced([member], 2)
    // Batches handed out before are committed after, and none of their messages comes again.
    await member.subscription.commit(member.batches.map((batch) => batch.next))
    await stream.append(topic, numbered(100, { from: 100 }))
    await member.count(200)
    expect(member.values.map(Number).sort((a, b) => a - b)).toEqual(range(200))
    expect((await stream.lag(group)).reduce((sum, { lag }) => sum + lag, 0n)).toBe(100n)
  })

  test('releases a partition only once its batch is committed', async () => {
    const stream = await openLog(url, { revoke_grace_ms: 60_000 })
    const topic = await topicFor(stream, 'acknowledged', 2)
    const group = unique('acknowledged')
    await stream.append(topic, numbered(100))
    const first = await Member.join(stream, { group, topics: [topic] }, { commit: false })
    await first.count(100)
    const second = await Member.join(await openLog(url), { group, topics: [topic] })
    await until(() => stream.lag(group).then(() => true), 'a round trip')
    expect(second.subscription.assignments()).toEqual([])
    await first.subscription.commit(first.batches.map((batch) => batch.next))
    await balanced([first, second], 1, 1)
    expect(second.seen).toEqual([])
  })

  test('that never commits releases its partition after the grace period, and its messages are delivered again', async () => {
    const stream = await openLog(url, { revoke_grace_ms: 100 })
    const topic = await topicFor(stream, 'grace', 2)
    const group = unique('grace')
    await stream.append(topic, numbered(100))
    const first = await Member.join(stream, { group, topics: [topic] }, { commit: false })
    await first.count(100)
    const second = await Member.join(await openLog(url), { group, topics: [topic] }, { commit: false })
    await balanced([first, second], 1, 1)
    const [moved] = second.subscription.assignments()
    await second.until((seen) => seen.length > 0, 'messages that were delivered before')
    const lagBefore = await stream.lag(group)
    // The partition has another owner, so the first member's late commit changes nothing.
    await first.subscription.commit(
      first.batches.filter((batch) => batch.partition === moved?.partition).map((batch) => batch.next),
    )
    expect(await stream.lag(group)).toEqual(lagBefore)
  })

  test('gets no partitions of topics that it does not subscribe to', async () => {
    const stream = await openLog(url)
    const [one, two] = [await topicFor(stream, 'one', 3), await topicFor(stream, 'two', 3)]
    const group = unique('mixed')
    const both = await Member.join(stream, { group, topics: [one, two] })
    const single = await Member.join(await openLog(url), { group, topics: [two] })
    await until(() => both.subscription.assignments().filter(({ topic }) => topic === one).length === 3, 'all of the first topic')
    await until(() => single.subscription.assignments().length > 0, 'a share for the second member')
    await until(() => both.subscription.assignments().length + single.subscription.assignments().length === 6, 'all partitions')
    expect(single.subscription.assignments().every(({ topic }) => topic === two)).toBe(true)
  })
})

test('deleting a group while a member joins either wins or is refused; no member is left in a deleted group', async () => {
  const stream = await openLog(url)
  const topic = await topicFor(stream, 'joined', 1)
  await stream.append(topic, numbered(5))
  let deleted = 0
  for (let round = 0; round < 30; round++) {
    const group = unique('joined')
    await stream.resetOffsets(group, [{ topic, partition: 0, offset: 5n }])
    const deleting = stream.deleteGroup(group)
    const joining = Member.join(stream, { group, topics: [topic] })
    const [gone, joined] = await Promise.allSettled([deleting, joining])
    if (gone.status === 'fulfilled') deleted++
    else expect(gone.reason).toMatchObject({ code: 'CONFLICT' })
    if (joined.status === 'rejected') {
      expect(joined.reason).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
      continue
    }
    if (gone.status === 'fulfilled') await joined.value.count(5)
    expect(await stream.describeGroups([group])).toMatchObject([{ state: 'active' }])
    await joined.value.close()
    expect((await stream.lag(group)).map(({ lag }) => lag)).toEqual([0n])
  }
  expect(deleted).toBeGreaterThan(0)
})

test('shares are disjoint, complete and even', () => {
  const partitions = range(12).map((partition) => ({ id: partition + 1, topicId: 1, topic: 't', partition }))
  for (const count of [1, 2, 3, 5, 12, 20]) {
    const members = range(count).map((i) => ({ id: 7 * i + 3, topics: ['t'] }))
    const shares = members.map((member) => assign(members.toReversed(), partitions, member.id))
    expect(
      shares
        .flat()
        .map(({ id }) => id)
        .sort((a, b) => a - b),
    ).toEqual(partitions.map(({ id }) => id))
    const sizes = shares.map((share) => share.length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  }
  expect(assign([], partitions, 1)).toEqual([])
})
