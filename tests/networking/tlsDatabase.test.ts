import { chmod, chown, copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serviceUser } from '../../lib/src/base/database/embedded/server/serviceUser.ts'
import { createPool, openStore, withClient } from '../../lib/src/base/database/index.ts'
import { secureDatabaseUrl, type TlsSettings } from '../../lib/src/base/networking/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import { openEmbeddedStream } from '../../lib/src/streaming/index.ts'
import { type Authority, type Certificate, makeAuthority } from '../support/certificates.ts'
import { type Cluster, startCluster } from '../support/run/cluster.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'
import { folderOf } from './folder.ts'

describeWith('openssl', 'a PostgreSQL that speaks TLS and asks for a certificate', () => {
  let folder: string
  let cluster: Cluster
  let ours: Authority
  let theirs: Authority
  let client: Certificate
  let url: string

  /** The server's own files belong to the user it runs under, and nobody else reads its key. */
  async function install(certificate: Certificate): Promise<void> {
    const user = await serviceUser(undefined)
    for (const [from, to] of [
      [certificate.cert, 'server.pem'],
      [certificate.key, 'server.key'],
      [ours.ca, 'clients.pem'],
    ] as const) {
      const file = join(folder, to)
      await copyFile(from, file)
      await chmod(file, 0o600)
      if (user) await chown(file, user.uid, user.gid)
    }
  }

  async function administer(sql: string): Promise<void> {
    const admin = new pg.Client(cluster.url)
    await admin.connect()
    await admin.query(sql).finally(() => admin.end())
  }

  beforeAll(async () => {
    folder = await folderOf('tls-postgres')
    ours = await makeAuthority(folder, 'ours')
    theirs = await makeAuthority(folder, 'theirs')
    client = await ours.issue('qicore')
    await install(await ours.issue('server'))
    cluster = await startCluster(join(folder, 'cluster'), undefined, {
      settings: {
        ssl: 'on',
        ssl_cert_file: join(folder, 'server.pem'),
        ssl_key_file: join(folder, 'server.key'),
        ssl_ca_file: join(folder, 'clients.pem'),
      },
      access: [
        'host all postgres 127.0.0.1/32 scram-sha-256',
        'hostssl all secure all scram-sha-256 clientcert=verify-ca',
        'hostnossl all secure all reject',
      ],
    })
    await administer("create role secure login superuser password 'right'")
    const address = new URL(cluster.url)
    address.username = 'secure'
    address.password = 'right'
    address.hostname = 'localhost'
    url = address.href
  })

  afterAll(async () => {
    await cluster?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const settings = (more: Partial<TlsSettings> = {}): TlsSettings =>
    ({ ca: ours.ca, cert: client.cert, key: client.key, reject_unauthorized: true, ...more }) as TlsSettings

  const refused = async (address: string) => {
    const pool = createPool(address, { max: 1 })
    try {
      return await withClient(pool, async () => {}).then(
        () => expect.fail('it was let in'),
        (error: Error) => error,
      )
    } finally {
      await pool.end()
    }
  }

  test('holds the store and the log, every connection of them encrypted', async () => {
    await using store = await openStore({ home: '/nowhere', databaseUrl: secureDatabaseUrl(url, settings()) })
    await using stream = await openEmbeddedStream({ url: store.url, logger: silentLogger })
    await stream.createTopics(['secure'], { partitions: 1 })
    await stream.append('secure', [{ key: 'a', value: 'over TLS' }])
    expect(await store.check()).toMatchObject({ ok: true })
    const { rows } = await store.pool.query<{ ssl: boolean; client_dn: string | null }>(
      "select s.ssl, s.client_dn from pg_stat_ssl s join pg_stat_activity a using (pid) where a.usename = 'secure'",
    )
    expect(rows.length).toBeGreaterThan(1)
    for (const row of rows) expect(row).toEqual({ ssl: true, client_dn: '/CN=qicore' })
  })

  test('a wrong password is UNAUTHORIZED', async () => {
    const wrong = new URL(secureDatabaseUrl(url, settings()))
    wrong.password = 'not-right'
    expect(await refused(wrong.href)).toMatchObject({
      code: 'UNAUTHORIZED',
      retryable: false,
      message: expect.not.stringContaining('not-right'),
    })
  })

  test('a wrong authority is reported, with the setting to correct, and not retried', async () => {
    const opening = openStore({ home: '/nowhere', databaseUrl: secureDatabaseUrl(url, settings({ ca: theirs.ca })) })
    await expect(opening).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: false,
      message: expect.stringContaining('database.tls.ca'),
    })
  })

  test('no certificate, and one of another authority, are UNAUTHORIZED', async () => {
    const none = await refused(secureDatabaseUrl(url, settings({ cert: undefined, key: undefined })))
    expect(none).toMatchObject({ code: 'UNAUTHORIZED', retryable: false, message: expect.stringContaining('certificate') })
    const { cert, key } = await theirs.issue('stranger')
    const foreign = await refused(secureDatabaseUrl(url, settings({ cert, key })))
    expect(foreign).toMatchObject({
      code: 'UNAUTHORIZED',
      retryable: false,
      message: expect.stringContaining('database.tls.cert'),
    })
  })

  test('another name, an expired certificate and a server without TLS are reported', async () => {
    // The server reloads its files some time after the request.
    const told = (what: string) =>
      until(async () => {
        const error = await refused(secureDatabaseUrl(url, settings())).catch(() => undefined)
        return error?.message.includes(what) && error
      }, what)
    const lasting = { code: 'UNAVAILABLE', retryable: false }
    const showing = async (certificate: Certificate) => {
      await install(certificate)
      await administer('select pg_reload_conf()')
    }
    try {
      await showing(await ours.issue('elsewhere', { san: 'DNS:elsewhere.example' }))
      expect(await told('another name')).toMatchObject({
        ...lasting,
        message: expect.stringMatching(/; reach it by a name that its certificate holds$/),
      })
      await showing(await ours.issue('old', { expired: true }))
      expect(await told('renew the certificate')).toMatchObject(lasting)
      await administer('alter system set ssl = off')
      await administer('select pg_reload_conf()')
      expect(await told('ssl=on')).toMatchObject(lasting)
    } finally {
      await administer('alter system reset ssl')
      await showing(await ours.issue('server'))
      await until(
        async () => (await refused(secureDatabaseUrl(url, settings())).catch(() => undefined)) === undefined,
        'the server to be as before',
      )
    }
  })

  test('settings and URL do not contradict each other', () => {
    expect(() => secureDatabaseUrl(`${url}?sslmode=require`, settings())).toThrow(/sslmode.*one place/)
    const off = { enabled: false, reject_unauthorized: true } as TlsSettings
    expect(secureDatabaseUrl(url, off)).toContain('sslmode=disable')
    expect(secureDatabaseUrl(`${url}?sslmode=verify-full`, { reject_unauthorized: true } as TlsSettings)).toContain('verify-full')
    expect(() => secureDatabaseUrl(url, settings({ ca: '/nowhere/ca.pem' }))).toThrow(/database\.tls\.ca .*nowhere/)
  })
})
