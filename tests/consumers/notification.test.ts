import { describe, expect, test } from 'vitest'
import { type Alert, alert, nowMicros, type RecordType, type RowSink, silentLogger } from '../../lib/src/base/types/index.ts'
import { notification } from '../../lib/src/consumers/sinks/notification/index.ts'
import { anAlert } from '../base/alerts/anAlert.ts'
import { testStore } from '../database/testStore.ts'
import { mailServer } from '../support/mailServer.ts'
import { type Receiver, receiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const store = await testStore()
let desks = 0
const open = async (
  settings: Record<string, unknown>,
  name = `desk-${desks++}`,
): Promise<RowSink & Required<Pick<RowSink, 'test'>>> =>
  (await notification.open(notification.config.parse(settings), {
    ...{ name, pipeline: name, logger: silentLogger, signal: new AbortController().signal, home: '/nowhere' },
    store: { timescale: store.timescale, pool: store.pool, check: () => store.check() },
  })) as RowSink & Required<Pick<RowSink, 'test'>>
const allow = ['127.0.0.1']
const slack = (url: string, more = {}) => ({ slack: { url: `${url}/services/T0/B0/very-secret-token` }, allow, ...more })
const bodies = ({ requests }: Receiver) => requests.map(({ text }) => JSON.parse(text) as Record<string, string>)

const raised = (more: Partial<Alert> = {}): Alert => {
  const now = nowMicros()
  return anAlert({ time: now, receivedAt: now, asOf: now - 1_000_000, ...more })
}
const clearedOf = (one: Alert): Alert => ({ ...one, receivedAt: one.receivedAt + 1, clearedAt: one.receivedAt + 1 })

describe('an alert', () => {
  test('is one message when it is raised and one when it clears, however often its records arrive', async () => {
    const chat = await receiver()
    const sink = await open(slack(chat.url))
    const one = raised()
    expect(await sink.write(alert, [one, one])).toEqual({ written: 2, failed: [] })
    await sink.write(
      alert,
      Array.from({ length: 1000 }, () => one),
    )
    await sink.write(alert, [clearedOf(one)])
    await sink.write(alert, [one, clearedOf(one)])
    const texts = bodies(chat).map(({ text }) => text)
    expect(texts).toEqual([
      expect.stringMatching(
        /^\[warning\] acorn: above 1\nacorn is at 1.5 usd, above 1\nraised at .*Z, by data of .*Z\nsource grove/,
      ),
      expect.stringMatching(/^\[warning\] acorn: above 1 \(cleared\)\n.*\nactive from .*Z to .*Z\n/),
    ])
    await sink.close()
  })

  test('is sent a second time at most where a process was killed between the claim and the acknowledgement of its message', async () => {
    const chat = await receiver()
    const name = `desk-${desks++}`
    const one = raised()
    const asked = Promise.withResolvers<void>()
    chat.answer = () => asked.resolve()
    const first = await open(slack(chat.url, { timeout: '1s' }), name)
    const lost = first.write(alert, [one]).catch((error: unknown) => error)
    await asked.promise
    // The message was sent, but its answer is missing, as after a kill: the claim stays until its lease is over.
    await store.pool.query('update alert_messages set claimed_until = now() where destination = $1', [name])
    chat.answer = (_, response) => void response.end()
    const second = await open(slack(chat.url), name)
    await until(() => chat.requests.length === 2, 'the message again')
    await second.write(alert, [one])
    await lost
    await first.write(alert, [one])
    expect(chat.requests).toHaveLength(2)
    await first.close()
    await second.close()
  })

  test('below the lowest severity is not sent; one of a simulated market is marked', async () => {
    const chat = await receiver()
    const sink = await open(slack(chat.url, { least: 'warning' }))
    await sink.write(alert, [raised({ severity: 'info' }), raised({ coinId: 'beech', origin: 'simulated' })])
    expect(bodies(chat).map(({ text }) => text?.split('\n')[0])).toEqual(['[simulated] [warning] beech: above 1'])
    await sink.close()
  })

  test('that is still active is sent again as a reminder', async () => {
    const chat = await receiver()
    const sink = await open(slack(chat.url, { remind: '1s' }))
    await sink.write(alert, [raised()])
    await until(() => chat.requests.length >= 2, 'a reminder')
    expect(bodies(chat)[1]?.text).toMatch(/^\[warning\] acorn: above 1 \(still active\)\n.*\nactive since /)
    await sink.close()
  })

  test('is the only record that is accepted', async () => {
    const sink = await open(slack('http://127.0.0.1:1'))
    expect(sink.accepts(alert as unknown as RecordType)).toBe(true)
    expect(sink.accepts({ name: 'price' } as RecordType)).toBe(false)
    await sink.close()
  })
})

describe('a channel', () => {
  test('of Slack, Discord, Telegram and ntfy shows names as text, never as markup or mentions', async () => {
    const chat = await receiver()
    const hostile = raised({ coinId: '<!channel>', name: '@everyone *bold* [x](http://evil.example)', message: 'a < b & c' })
    const { url } = chat
    for (const settings of [
      slack(url),
      { discord: { url: `${url}/api/webhooks/1/secret` }, allow },
      { telegram: { url, token: '123:secret', chat_id: '-100' }, allow },
      { ntfy: { url, topic: 'alerts', token: 'tk_secret' }, allow },
    ]) {
      const sink = await open(settings)
      await sink.write(alert, [{ ...hostile }])
      expect(await sink.check()).toMatchObject({ ok: true })
      await sink.close()
    }
    const [toSlack, toDiscord, toTelegram, toNtfy] = bodies(chat)
    expect(toSlack?.text).toContain('&lt;!channel&gt;: @everyone')
    expect(toSlack?.text).toContain('a &lt; b &amp; c')
    expect(toDiscord).toMatchObject({ allowed_mentions: { parse: [] } })
    expect(toDiscord?.content).toContain('\\*bold\\* \\[x\\](http://evil.example)'.replaceAll(/[()]/g, '\\$&'))
    expect(toTelegram).toMatchObject({ chat_id: '-100', text: expect.stringContaining('<!channel>: @everyone *bold*') })
    expect(toTelegram).not.toHaveProperty('parse_mode')
    expect(toNtfy).toMatchObject({ topic: 'alerts', priority: 3, title: expect.stringContaining('<!channel>') })
    expect(chat.requests.map(({ path }) => path)).toEqual([
      '/services/T0/B0/very-secret-token',
      '/api/webhooks/1/secret',
      '/bot123:secret/sendMessage',
      '/',
    ])
    expect(chat.requests[3]?.headers.authorization).toBe('Bearer tk_secret')
  })

  test('of e-mail gets plain text with a subject of one line', async () => {
    const mail = await mailServer()
    const email = { host: '127.0.0.1', port: mail.port, security: 'none', from: 'qicore@example.org', to: ['desk@example.org'] }
    const sink = await open({ email })
    expect(await sink.check()).toMatchObject({ ok: true, summary: `e-mail by 127.0.0.1:${mail.port} accepts mail` })
    await sink.write(alert, [raised({ name: 'above 1\u00a0000' })])
    expect(mail.mails).toHaveLength(1)
    const [head = '', body = ''] = (mail.mails[0] ?? '').split(/\r\n\r\n(.*)/s)
    expect(head).toMatch(/^Subject: =\?UTF-8\?Q\?=5Bwarning=5D_acorn=3A_above_1=C2=A0000\?=\r?$/m)
    expect(head).toMatch(/^To: desk@example\.org/m)
    expect(body).toContain('acorn is at 1.5 usd, above 1')
    await sink.close()
  })

  test('that cannot be reached, or asks to wait, is retried; the message is not lost', async () => {
    const chat = await receiver()
    const sink = await open(slack(chat.url))
    const one = raised()
    chat.answer = (_, response) => void response.writeHead(429, { 'retry-after': '7' }).end()
    await expect(sink.write(alert, [one])).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true, retryAfterMs: 7000 })
    expect(await sink.check()).toMatchObject({ ok: false, summary: expect.stringContaining('429') })
    chat.answer = (_, response) => void response.writeHead(503).end()
    await expect(sink.write(alert, [one])).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    chat.answer = (_, response) => void response.end()
    await sink.write(alert, [one])
    expect(chat.requests).toHaveLength(3)
    expect(await sink.check()).toMatchObject({ ok: true })
    await sink.close()
  })

  test.each([
    [403, 'FORBIDDEN'],
    [404, 'NOT_FOUND'],
    [400, 'CONFIG_INVALID'],
  ])('that refuses with %i parks the destination, and no secret is in the error', async (status, code) => {
    const chat = await receiver()
    chat.answer = ({ path }, response) => void response.writeHead(status).end(`no such hook: ${path}`)
    const sink = await open(slack(chat.url))
    const failure = await sink.write(alert, [raised()]).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code, retryable: false, message: expect.stringMatching(/^destinations\.desk-\d+: /) })
    expect(String(failure)).not.toContain('very-secret-token')
    await sink.close()
  })

  test('of e-mail parks for a wrong password, and is retried when the server is down', async () => {
    const mail = await mailServer({
      authOptional: false,
      onAuth: (_auth, _session, done) => done(new Error('Invalid username or password')),
    })
    const of = (port: number) => ({
      email: {
        ...{ host: '127.0.0.1', port, security: 'none', user: 'me', password: 'hunter22' },
        from: 'a@example.org',
        to: ['b@example.org'],
      },
    })
    const sink = await open(of(mail.port))
    const failure = await sink.write(alert, [raised()]).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringContaining('.email.user and password') })
    expect(String(failure)).not.toContain('hunter22')
    await sink.close()
    const away = await open(of(1))
    await expect(away.write(alert, [raised()])).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    expect(await away.check()).toMatchObject({ ok: false })
    await away.close()
  })

  test('sends a test message', async () => {
    const chat = await receiver()
    const sink = await open(slack(chat.url))
    expect(await sink.test()).toMatchObject({ ok: true, summary: `a message was sent to slack at ${chat.url}` })
    expect(bodies(chat)[0]?.text).toMatch(/^QiCore: a test\n/)
    chat.answer = (_, response) => void response.writeHead(500).end()
    expect(await sink.test()).toMatchObject({ ok: false })
    await sink.close()
  })
})

test.each([
  [{}, 'no channel is given: give one of slack, discord, telegram, ntfy, email'],
  [{ ...slack('https://hooks.example'), ntfy: { topic: 'x' } }, 'slack and ntfy are given: give one of'],
  [{ slack: { url: 'http://hooks.example/x' } }, 'http:// sends records unencrypted'],
  [{ telegram: { token: 'secret', chat_id: '1' } }, 'the token of a bot, such as 123456:ABC'],
  [{ ...slack('https://hooks.example'), quiet: '22-7' }, 'must be hours and a time zone, such as "22:00-07:00 Europe/Berlin"'],
  [{ ...slack('https://hooks.example'), quiet: '22:00-07:00 Mars/Base' }, 'must be hours and a time zone'],
  [{ ...slack('https://hooks.example'), remind: '5ms' }, 'must be a second or more'],
  [{ email: { host: 'x', from: 'a@example.org', to: ['b@example.org'], user: 'me' } }, 'user and password belong together'],
])('settings %j are refused with the remedy', (settings, message) => {
  const { error } = notification.config.safeParse(settings)
  expect(error?.issues.map((issue) => issue.message).join()).toContain(message)
})
