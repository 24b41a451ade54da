import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { makeAuthority } from '../../support/certificates.ts'
import { describeWith } from '../../support/services.ts'
import { temporary } from '../../support/temporary.ts'
import { failure, registryFor } from './setup.ts'

describeWith('openssl', 'a registry behind TLS', () => {
  test('is reached with its CA, and without the CA nothing is sent to it', async () => {
    const authority = await makeAuthority(await temporary('tls'))
    const { cert, key } = await authority.issue('registry')
    const server = createServer({ cert: await readFile(cert), key: await readFile(key) }, (_, response) =>
      response.end('["crypto-prices-value"]'),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const url = `https://localhost:${(server.address() as AddressInfo).port}`

    await using trusting = registryFor(url, undefined, { tls: { ca: authority.ca } })
    expect(await trusting.check([])).toMatchObject({ ok: true, details: { subjects: 1 } })

    await using strange = registryFor(url, undefined, { username: 'me', password: 'secret' })
    expect(await failure(strange.frame('crypto-prices'))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: false,
      message: expect.stringContaining('set schema_registry.tls.ca to the PEM file'),
    })
  })
})
