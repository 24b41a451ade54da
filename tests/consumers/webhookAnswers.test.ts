import type { ServerResponse } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { started, turn, until } from '../support/heldConsumer.ts'
import { priceBatch } from '../support/heldSubscription.ts'
import { type Received, receiver, recordsOf } from '../support/receiver.ts'
import { openWebhook, priceType, SECRET } from '../support/webhook.ts'

const answering =
  (status: number, headers: Record<string, string> = {}, text = '') =>
  (_: Received, response: ServerResponse) =>
    void response.writeHead(status, headers).end(text)

const idsOf = (request: Received): string[] => recordsOf(request).map(({ id }) => id.split('/').slice(2).join('/'))

async function opened(settings: Record<string, unknown> = {}) {
  const made = await receiver()
  const sink = await openWebhook(made.url, settings)
  onTestFinished(() => sink.close())
  return {
    made,
    sink,
    write: (...batches: Parameters<typeof priceBatch>[]) =>
      sink.writeEncoded(
        priceType,
        batches.map((of) => priceBatch(...of)),
      ),
  }
}

describe('an answer to the webhook', () => {
  test.each([408, 425, 429, 500, 502, 503, 504])('%i is retried', async (status) => {
    const { made, write } = await opened()
    made.answer = answering(status)
    await expect(write([0, 0, 1])).rejects.toMatchObject({
      code: status === 429 ? 'RATE_LIMITED' : 'UNAVAILABLE',
      retryable: true,
      retryAfterMs: undefined,
    })
  })

  test.each([
    ['7', 7_000],
    ['0', 0],
    ['86400', 3_600_000],
    ['99999999999999999999', 3_600_000],
    ['-5', undefined],
    ['soon', undefined],
    [new Date(Date.now() + 86_400_000).toUTCString(), 3_600_000],
  ])('"retry-after: %s" is a wait of %s ms', async (asked, ms) => {
    const { made, write } = await opened()
    for (const status of [429, 503]) {
      made.answer = answering(status, { 'retry-after': asked })
      await expect(write([0, 0, 1])).rejects.toMatchObject({ retryable: true, retryAfterMs: ms })
    }
  })

  test.each<[number, string]>([
    [401, 'UNAUTHORIZED'],
    [403, 'FORBIDDEN'],
    [404, 'NOT_FOUND'],
    [405, 'METHOD_NOT_ALLOWED'],
    [410, 'NOT_FOUND'],
    [415, 'UNSUPPORTED'],
    [304, 'UNSUPPORTED'],
  ])('%i refuses everything, in one request', async (status, code) => {
    const { made, write } = await opened()
    made.answer = answering(status)
    await expect(write([0, 0, 50])).rejects.toMatchObject({
      code,
      retryable: false,
      message: expect.stringMatching(/^destinations\.hook: .*: /),
    })
    expect(made.requests).toHaveLength(1)
  })

  test.each([400, 409, 422])('%i for one record of many fails only that record', async (status) => {
    const { made, write } = await opened()
    made.answer = (request, response) => {
      const bad = request.text.includes('"coin-37"')
      response.writeHead(bad ? status : 204).end(bad ? 'the coin\r\nis unknown\u0007' : undefined)
    }
    const { written, failed } = await write([0, 0, 100])
    expect(written).toBe(99)
    expect(failed).toMatchObject([
      {
        index: 37,
        error: {
          code: 'BAD_DATA',
          retryable: false,
          message: expect.stringContaining(`answers ${status} "the coin is unknown"`),
        },
      },
    ])
    const taken = made.requests.filter(({ text }) => !text.includes('"coin-37"')).flatMap(idsOf)
    expect(taken).toEqual(Array.from({ length: 100 }, (_, i) => `0/${i}`).filter((id) => id !== '0/37'))
  })

  test('413 halves the request until it is small enough; a single record that is too large is a failure', async () => {
    const { made, write } = await opened()
    made.answer = ({ text }, response) => void response.writeHead(text.length > 1_000 ? 413 : 200).end()
    expect(await write([0, 0, 30])).toMatchObject({ written: 30, failed: [] })
    made.answer = answering(413)
    expect(await write([0, 100, 1])).toMatchObject({ written: 0, failed: [{ index: 0, error: { code: 'BAD_DATA' } }] })
  })

  test('many records refused in a row park the delivery, lose nothing, and become dead letters after a resume', async () => {
    const { made, sink } = await opened()
    made.answer = answering(400, {}, 'bad signature')
    const batches = [priceBatch(0, 0, 40)]
    const write = () => sink.writeEncoded(priceType, batches)
    await expect(write()).rejects.toMatchObject({
      retryable: false,
      message: expect.stringMatching(
        /answers 400 "bad signature"; 10 records in a row were refused: if the receiver or the settings are wrong/,
      ),
    })
    // First the receiver was wrong, and was corrected.
    made.answer = answering(200)
    expect(await write()).toMatchObject({ written: 40, failed: [] })
    // Then the records are wrong.
    made.answer = answering(400)
    const bad = [priceBatch(0, 100, 40)]
    await expect(sink.writeEncoded(priceType, bad)).rejects.toMatchObject({ retryable: false })
    const resumed = await sink.writeEncoded(priceType, bad)
    expect(resumed.failed.map(({ index }) => index)).toEqual(Array.from({ length: 40 }, (_, i) => i))
  })

  test('a retried write continues after the accepted records, with the same ids', async () => {
    const { made, sink } = await opened({ max_records: 10 })
    const batches = [priceBatch(0, 0, 40), priceBatch(1, 0, 10)]
    let down = true
    made.answer = (request, response) => void response.writeHead(down && idsOf(request)[0] === '0/20' ? 503 : 200).end()
    await expect(sink.writeEncoded(priceType, batches)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    down = false
    expect(await sink.writeEncoded(priceType, batches)).toMatchObject({ written: 50, failed: [] })
    const ids = made.requests.map(({ headers }) => String(headers['webhook-id']).slice('hook/crypto-prices/'.length))
    expect(ids.filter((id) => id.startsWith('0/'))).toEqual(['0/0-9', '0/10-19', '0/20-29', '0/20-29', '0/30-39'])
    expect(ids.filter((id) => id.startsWith('1/'))).toEqual(['1/0-9'])
  })

  test('that is slow keeps the order within a partition, and delays others only by in_flight', async () => {
    const { made, write } = await opened({ max_records: 1, in_flight: 2 })
    const [under, most] = [new Map<string, number>(), { one: 0, all: 0 }]
    made.answer = async (request, response) => {
      const partition = idsOf(request)[0]?.split('/')[0] as string
      under.set(partition, (under.get(partition) ?? 0) + 1)
      most.one = Math.max(most.one, under.get(partition) as number)
      most.all = Math.max(
        most.all,
        [...under.values()].reduce((sum, n) => sum + n),
      )
      for (let i = 0; i < (most.all * 7 + under.size * 5) % 20; i++) await turn()
      under.set(partition, (under.get(partition) as number) - 1)
      response.end()
    }
    await write([0, 0, 20], [1, 0, 20], [2, 0, 20])
    for (const partition of ['0', '1', '2'])
      expect(made.requests.flatMap(idsOf).filter((id) => id.startsWith(`${partition}/`))).toEqual(
        Array.from({ length: 20 }, (_, i) => `${partition}/${i}`),
      )
    expect(most).toEqual({ one: 1, all: 2 })
  })

  test('that never arrives, breaks off, or is not HTTP is retried after the timeout', async () => {
    const { made, write } = await opened({ timeout: '200ms' })
    const ways: ((request: Received, response: ServerResponse) => void)[] = [
      () => {},
      (_, response) => void response.destroy(),
      (_, response) => void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-le'),
    ]
    for (const answer of ways) {
      made.answer = answer
      await expect(write([0, 0, 1])).rejects.toMatchObject({ retryable: true })
    }
  })

  test('counts once its status has arrived, even if its body breaks off; only the start of a body is read', async () => {
    const { made, write } = await opened({ timeout: '2s' })
    made.answer = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('half', () => response.destroy())
    }
    expect(await write([0, 0, 1])).toMatchObject({ written: 1 })
    let sent = 0
    const gone = Promise.withResolvers<void>()
    made.answer = (_, response) => {
      response.on('close', gone.resolve)
      const go = () => {
        if (!response.destroyed) while (response.write(Buffer.alloc(65_536, 'x'))) sent += 65_536
      }
      response.writeHead(422)
      response.on('drain', go)
      go()
    }
    const { failed } = await write([0, 1, 1])
    await gone.promise
    expect(failed).toMatchObject([{ error: { code: 'BAD_DATA' } }])
    expect(failed[0]?.error.message.length).toBeLessThan(400)
    expect(sent).toBeLessThan(32 * 1024 * 1024)
  })

  test('shows no secret, even where the receiver sends it back', async () => {
    const token = 'T00000000-B00000000-XXXXXXXX'
    const made = await receiver()
    made.answer = answering(401, {}, `${SECRET} does not open /${token}?key=hunter2000`)
    const sink = await openWebhook(`${made.url}/${token}?key=hunter2000`)
    const error = (await sink.writeEncoded(priceType, [priceBatch(0, 0, 1)]).catch((thrown: unknown) => thrown)) as Error
    expect(error.message).toContain('answers 401')
    for (const secret of [SECRET, token, 'hunter2000']) expect(error.message).not.toContain(secret)
    await sink.close()
  })
})

describe('the check of the webhook', () => {
  test('sends no record, and says if the receiver answers', async () => {
    const { made, sink } = await opened()
    expect(await sink.check()).toMatchObject({ ok: true, summary: `${made.url} answers` })
    expect(made.requests).toEqual([])
    const away = await openWebhook('http://127.0.0.1:1/')
    expect(await away.check()).toMatchObject({
      ok: false,
      summary: expect.stringContaining('cannot be reached'),
      remedy: expect.any(String),
    })
    expect(await away.test()).toMatchObject({ ok: false })
    await away.close()
  })
})

describe('a delivery to the webhook', () => {
  test.each([410, 401])('is parked by %i, sends nothing more, and continues when it is resumed', async (status) => {
    const made = await receiver()
    made.answer = answering(status)
    const { subscription, consumer, letters, running, finish } = started({ lanes: 1 }, () => openWebhook(made.url))
    subscription.give(priceBatch(0, 0, 3))
    await until(() => consumer.stats().state === 'parked')
    for (let i = 0; i < 50; i++) await turn()
    expect(made.requests).toHaveLength(1)
    expect(subscription.committed).toEqual([])
    made.answer = answering(200)
    consumer.resume()
    await until(() => subscription.committed.length > 0)
    await finish()
    await running
    expect(subscription.committed.at(-1)?.offset).toBe(3n)
    expect(letters).toEqual([])
    const ids = made.requests.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual(['hook/crypto-prices/0/0-2', 'hook/crypto-prices/0/0-2'])
  })

  test('waits for Retry-After', async () => {
    const made = await receiver()
    let first: number | undefined
    let second = 0
    made.answer = (_, response) => {
      if (first === undefined) {
        first = Date.now()
        response.writeHead(429, { 'retry-after': '1' }).end()
      } else {
        second = Date.now()
        response.end()
      }
    }
    const { subscription, consumer, finish } = started({ lanes: 1 }, () => openWebhook(made.url))
    subscription.give(priceBatch(0, 0, 1))
    await until(() => subscription.committed.length > 0)
    await finish()
    expect(second - (first ?? 0)).toBeGreaterThanOrEqual(990)
    expect(consumer.stats()).toMatchObject({ written: 1, deadLettered: 0 })
  })

  test('that ends between the answer and the acknowledgement sends the same ids again', async () => {
    const made = await receiver()
    const once = started({ lanes: 1 }, () => openWebhook(made.url, { max_records: 2 }))
    // As after kill -9: the sent records are never acknowledged.
    once.subscription.beforeCommit = () => new Promise(() => {})
    once.subscription.give(priceBatch(0, 0, 4))
    await until(() => made.requests.length === 2)
    const again = started({ lanes: 1 }, () => openWebhook(made.url, { max_records: 2 }))
    again.subscription.give(priceBatch(0, 0, 5))
    await until(() => again.subscription.committed.length > 0)
    await again.finish()
    const ids = made.requests.map(({ headers }) => String(headers['webhook-id']).split('/').at(-1))
    expect(ids).toEqual(['0-1', '2-3', '0-1', '2-3', '4'])
    expect(made.requests[0]?.text).toBe(made.requests[2]?.text)
  })
})
