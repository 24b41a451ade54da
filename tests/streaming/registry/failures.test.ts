import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SchemaRegistryConfig } from '../../../lib/src/streaming/index.ts'
import { failure, registryFor } from './setup.ts'

const TOPIC = 'crypto-prices'

/** A fake registry with a given answer, which records its requests. */
async function answering(answer: RequestListener): Promise<{ url: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const status =
  (code: number, body = '', headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(code, headers).end(body)

async function framing(url: string, settings: Parameters<typeof registryFor>[2] = {}) {
  await using registry = registryFor(url, undefined, settings)
  return (await failure(registry.frame(TOPIC))) as Error & { code: string; retryable: boolean; retryAfterMs?: number }
}

describe('an error answer of the registry is classified', () => {
  test.each([
    [401, 'UNAUTHORIZED', false, 1],
    [403, 'FORBIDDEN', false, 1],
    [404, 'NOT_FOUND', false, 1],
    [409, 'CONFLICT', false, 1],
    [422, 'BAD_REQUEST', false, 1],
    [500, 'UNAVAILABLE', true, 3],
    [503, 'UNAVAILABLE', true, 3],
  ])('%i is %s', async (code, means, retryable, tries) => {
    const { url, asked } = await answering(status(code, '{"error_code":1,"message":"because"}'))
    const error = await framing(url)
    expect(error).toMatchObject({ code: means, retryable })
    expect(error.message).toContain(`answers ${code} (because)`)
    expect(error.message).toMatch(/; \S/)
    expect(asked).toHaveLength(tries)
  })

  test('429 gives the time to wait', async () => {
    const { url } = await answering(status(429, '{}', { 'retry-after': '0' }))
    expect(await framing(url)).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 0 })
  })

  test.each([
    ['a web page', status(200, '<html>')],
    ['other JSON', status(200, '{"hello":"world"}')],
    ['no such page', status(404, '<html>')],
  ])('%s is reported as no registry', async (_, answer) => {
    const { url } = await answering(answer)
    const error = await framing(url)
    expect(['BAD_DATA', 'NOT_FOUND']).toContain(error.code)
    expect(error.message).toContain('it ends before /subjects')
  })

  test('a registry that is down or does not answer is retryable', async () => {
    expect(await framing('http://127.0.0.1:1')).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    const { url, asked } = await answering(() => {})
    expect(await framing(url, { timeout_ms: 1000 })).toMatchObject({ code: 'TIMEOUT', retryable: true })
    expect(asked).toHaveLength(3)
  })

  test('closing cancels pending requests', async () => {
    const heard = Promise.withResolvers<void>()
    const { url } = await answering(() => heard.resolve())
    const registry = registryFor(url)
    const error = failure(registry.frame(TOPIC))
    await heard.promise
    await registry.close()
    expect(await error).toMatchObject({ code: 'CLOSED' })
  })
})

describe('signing in', () => {
  const signedIn = `Basic ${Buffer.from('me:p@ss/ü').toString('base64')}`

  test.each([
    ['by the URL', (url: string) => [url.replace('//', '//me:p%40ss%2F%C3%BC@'), {}] as const],
    ['by settings, which win', (url: string) => [url.replace('//', '//x:y@'), { username: 'me', password: 'p@ss/ü' }] as const],
  ])('%s', async (_, given) => {
    const { url, asked } = await answering(status(401))
    const error = await framing(...given(url))
    expect(asked[0]?.headers.authorization).toBe(signedIn)
    expect(asked[0]?.url).toBe('/config/crypto-prices-value')
    expect(JSON.stringify([error, error.message, error.stack])).not.toMatch(/p@ss|p%40ss|x:y/)
  })

  test('the password is not sent to an address that the registry redirects to', async () => {
    const other = await answering(status(200, '{"compatibilityLevel":"BACKWARD"}'))
    const { url } = await answering(status(302, '', { location: other.url }))
    expect(await framing(url.replace('//', '//me:secret@'))).toMatchObject({ code: 'UNAVAILABLE' })
    expect(other.asked).toHaveLength(0)
  })

  test('an invalid URL is refused without being shown', () => {
    const opening = () => registryFor('http://me:100%@127.0.0.1')
    expect(opening).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', field: 'schema_registry.url' }))
    expect(opening).not.toThrow(/100/)
  })

  test.each([[{ url: 'ftp://x' }], [{ password: 'p' }], [{ compatibility: 'BACKWARDS' }], [{ tls: { cert: 'a.pem' } }]])(
    'invalid settings are refused: %j',
    (settings) => expect(SchemaRegistryConfig.safeParse(settings).success).toBe(false),
  )
})
