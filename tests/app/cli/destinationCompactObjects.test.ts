import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { EXIT } from '../../../app/cli/exitCodes.ts'
import { Network } from '../../chaos/network.ts'
import { type Bucket, gcsBucket, s3Bucket, s3Client } from '../../consumers/objects/bucket.ts'
import { BUCKET, keep, openingGcs, openingS3 } from '../../consumers/objects/destination.ts'
import { large } from '../../consumers/objects/objectSuite.ts'
import { aPrice } from '../../database/records.ts'
import { testDatabase } from '../../support/database.ts'
import { type ObjectServer, S3_KEYS, startGcs, startS3 } from '../../support/objectServers.ts'
import { describeWith } from '../../support/services.ts'
import { temporary } from '../../support/temporary.ts'
import { document, qicore, Running } from './qicore.ts'

const { url } = await testDatabase()
const FOLDER = 'price/source=coingecko/date=2026-01-05'

interface Cloud {
  readonly start: (bucket: string) => Promise<ObjectServer>
  readonly open: typeof openingS3
  readonly bucket: (endpoint: string) => Bucket
  /** Settings beside bucket, prefix and endpoint, as YAML between braces. */
  readonly settings: string
}

const CLOUDS: Readonly<Record<'s3' | 'gcs', Cloud>> = {
  s3: {
    start: startS3,
    open: openingS3,
    bucket: (endpoint) => s3Bucket(s3Client(endpoint), BUCKET),
    settings: `access_key_id: ${S3_KEYS.access_key_id}, secret_access_key: ${S3_KEYS.secret_access_key}`,
  },
  gcs: {
    start: startGcs,
    open: openingGcs,
    bucket: (endpoint) => gcsBucket(endpoint, BUCKET),
    settings: 'anonymous: true',
  },
}

describeWith(['versitygw', 'fake-gcs-server'], 'qicore destination compact on a bucket', { timeout: 120_000 }, () => {
  test.each(['s3', 'gcs'] as const)(
    '%s: killed or stopped in the middle of a day it keeps the earlier file of the day, and finishes it the next time',
    async (kind) => {
      const { start, open, bucket: bucketAt, settings } = CLOUDS[kind]
      const server = await start(BUCKET)
      onTestFinished(() => server.stop())
      await using network = await Network.open(() => ({ host: '127.0.0.1', port: server.port }))
      const cwd = await temporary('compact-objects')
      const lake = `type: ${kind}, bucket: ${BUCKET}, prefix: lake, endpoint: "http://127.0.0.1:${network.port}", ${settings}`
      await writeFile(join(cwd, 'qicore.yaml'), `destinations:\n  lake: { ${lake} }\n`)
      const env = { DATABASE_URL: url, QICORE_SOURCES: 'none' }
      const run = (...args: readonly string[]) => qicore(args, { cwd, env })
      const bucket = bucketAt(server.url)
      const day = async () => (await bucket.bytes(`lake-compacted/${FOLDER}/day.ndjson`)).toString()

      const sink = await open(() => server.url)({ prefix: 'lake' })
      onTestFinished(() => sink.close())
      await keep(sink, [aPrice({ coinId: 'early' })])
      expect(document(await run('destination', 'compact', 'lake', '--json'))).toMatchObject({ ok: true, made: [{ rows: 1 }] })
      const before = await day()
      const records = large()
      await keep(sink, records, 1)

      network.slow({ latencyMs: 1, bytesPerSecond: 20_000_000 })
      for (const [signal, code] of [
        ['SIGKILL', null],
        ['SIGINT', EXIT.interrupted],
      ] as const) {
        const running = new Running(['destination', 'compact', 'lake'], { cwd, env })
        // The segments are read, and the first of two parts is being written; parts sent by a killed process still arrive.
        await network.passed(1024 * 1024)
        running.signal(signal)
        expect(await running.ended).toMatchObject({ code })
        network.cut()
        expect((await day()) === before, 'the earlier file of the day exists').toBe(true)
      }
      network.heal()
      const made = document(await run('destination', 'compact', 'lake', '--json'))
      expect(made).toMatchObject({ ok: true, made: [{ folder: FOLDER, segments: 2, rows: records.length + 1 }] })
      expect((await day()).split('\n')).toHaveLength(records.length + 2)
      expect(document(await run('destination', 'compact', 'lake', '--json'))).toMatchObject({ made: [], unchanged: 1 })
      expect(await readdir(join(cwd, '.qicore', 'scratch', 'lake'))).toEqual([])
    },
  )
})
