import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { qicore, Running } from '../app/cli/qicore.ts'
import { gcsBucket, s3Bucket, s3Client } from '../consumers/objects/bucket.ts'
import { testDatabase } from '../support/database.ts'
import { type ObjectServer, S3_KEYS, startGcs, startS3 } from '../support/objectServers.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'
import { followPage, readPage } from './page.ts'

const BUCKET = 'market-data'
const { url } = await testDatabase()
const page = await readPage('object-stores.md')
const cwd = await mkdtemp(join(tmpdir(), 'qicore-objects-page-'))
await chmod(cwd, 0o755)
afterAll(() => rm(cwd, { recursive: true, force: true }))

describeWith(['versitygw', 'fake-gcs-server'], 'the page about S3 and Google Cloud Storage', () => {
  let [s3, gcs]: ObjectServer[] = []
  beforeAll(async () => {
    ;[s3, gcs] = await Promise.all([startS3(BUCKET), startGcs(BUCKET)])
    return async () => {
      await Promise.all([s3?.stop(), gcs?.stop()])
    }
  })

  const env = { DATABASE_URL: url }
  const buckets = [() => s3Bucket(s3Client(s3?.url as string), BUCKET), () => gcsBucket(gcs?.url as string, BUCKET)]
  /** Until there are objects of both days; with their names, as a reader of the bucket sees them. */
  async function up(): Promise<string> {
    const bucket = (buckets.shift() as (typeof buckets)[number])()
    const running = new Running(['up', '--port', '0'], { cwd, env })
    const keys = () => bucket.keys('prices/')
    await Promise.race([until(async () => (await keys()).length === 2, 'two objects'), running.ended])
    running.signal('SIGINT')
    const { stdout, stderr } = await running.ended
    return [stdout, stderr, ...(await keys())].join('\n')
  }
  /** The page has the usual ports, and keys that mean something to a reader. */
  async function mend(): Promise<void> {
    const path = join(cwd, 'qicore.yaml')
    const text = (await readFile(path, 'utf8'))
      .replace('http://127.0.0.1:7070', s3?.url as string)
      .replace('http://127.0.0.1:4443', gcs?.url as string)
      .replace('my-key', S3_KEYS.access_key_id)
      .replace('my-secret', S3_KEYS.secret_access_key)
    await writeFile(path, text)
  }

  followPage('object-stores.md', page, {
    cwd,
    run: async (command) => {
      await mend()
      if (command === 'npx qicore up') return up()
      const { stdout, stderr } = await qicore(command.split(' ').slice(2), { cwd, env })
      const days = command.includes(' compact ') ? await gcsBucket(gcs?.url as string, BUCKET).keys('prices-compacted/') : []
      return [stdout, stderr, ...days].join('\n')
    },
  })
})
