import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { DrainedSinkType } from './drainedSink.ts'
import { freePort } from './freePort.ts'
import { linesIn } from './lines.ts'
import { interpolated } from './peers/benthosSettings.ts'
import { isExecutable } from './requirements.ts'

const KEYS = { access_key_id: 'qicore-bench', secret_access_key: 'a-secret-of-the-benchmark' }
const BUCKET = 'bench'
const server = (): string => process.env.QICORE_TEST_VERSITYGW ?? join(homedir(), '.cache/qicore-test/versitygw/versitygw')

/** A bucket of versitygw, which keeps objects as files: only what the process before it needs is measured. */
export const objects: DrainedSinkType = {
  lacks: () => (isExecutable(server()) ? undefined : 'versitygw (npm run services)'),
  open: async (folder) => {
    const [data, meta] = [join(folder, 's3', 'data'), join(folder, 's3', 'meta')]
    await mkdir(join(data, BUCKET), { recursive: true })
    await mkdir(meta)
    const port = await freePort()
    const endpoint = `http://127.0.0.1:${port}`
    const args = ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', meta, data]
    const env = { ...process.env, ROOT_ACCESS_KEY: KEYS.access_key_id, ROOT_SECRET_KEY: KEYS.secret_access_key }
    const child = spawn(server(), args, { stdio: 'ignore', env })
    const exited = once(child, 'exit')
    while (!(await fetch(endpoint).catch(() => undefined))) {
      if (child.exitCode !== null) throw new Error(`versitygw ended with code ${child.exitCode}`)
      await setTimeout(20)
    }
    return {
      fresh: (round) => ({ type: 's3', bucket: BUCKET, prefix: `round-${round}`, endpoint, ...KEYS, roll: { age: '1s' } }),
      verify: async (round, records) => {
        const found = await linesIn(join(data, BUCKET, `round-${round}`, 'price'))()
        if (found !== records) throw new Error(`the bucket holds ${found} records, expected ${records}`)
      },
      // Objects are files here, so what Bento has put is counted without asking its server.
      bento: (round) => ({
        processors: [{ archive: { format: 'lines' } }],
        output: {
          aws_s3: {
            bucket: BUCKET,
            path: `bento-${round}/${interpolated('counter()')}-${interpolated('uuid_v4()')}.ndjson`,
            endpoint,
            region: 'us-east-1',
            force_path_style_urls: true,
            content_type: 'application/x-ndjson',
            credentials: { id: KEYS.access_key_id, secret: KEYS.secret_access_key },
          },
        },
        held: linesIn(join(data, BUCKET, `bento-${round}`)),
      }),
      [Symbol.asyncDispose]: async () => {
        child.kill('SIGKILL')
        await exited
      },
    }
  },
}
