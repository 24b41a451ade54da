import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { type Engines, platformOf, serving } from './served.ts'

const platform = platformOf({ store: {}, stream: {} } as unknown as Engines)

/** The bytes that the server answers until it closes the connection. */
async function answerTo(port: number, sent: string): Promise<{ readonly head: string; readonly body: unknown }> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(sent)
  const [head, body] = (await text(socket)).split('\r\n\r\n') as [string, string]
  return { head, body: JSON.parse(body) }
}

test.each([
  [
    'an address that is too long',
    431,
    'url',
    `GET /api/v1/prices/latest?coins=${'a'.repeat(20_000)} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`,
  ],
  ['what is no HTTP', 400, 'request', 'hello\r\n\r\n'],
])('%s is refused as documented: as JSON, with field and remedy', async (_, status, field, sent) => {
  const { port } = await serving(platform)
  const { head, body } = await answerTo(port, sent)
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*content-type: application/problem\\+json`, 'i'))
  expect(body).toMatchObject({
    code: 'BAD_REQUEST',
    field,
    retryable: false,
    detail: expect.stringMatching(/ask for less|send "GET/),
  })
})
