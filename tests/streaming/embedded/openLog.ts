import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../../lib/src/base/database/index.ts'
import { type EmbeddedStream, type EmbeddedStreamOptions, openEmbeddedStream } from '../../../lib/src/streaming/embedded/index.ts'

export const unique = (name: string): string => `${name}-${randomUUID()}`

/** Opens a client of the log and closes it after the test. */
export async function openLog(
  url: EmbeddedStreamOptions['url'],
  options: Partial<EmbeddedStreamOptions> = {},
): Promise<EmbeddedStream> {
  const stream = await openEmbeddedStream({ url, ...options })
  onTestFinished(() => stream.close())
  return stream
}

/** A PostgreSQL server of this test file alone, for tests that kill it. */
export function ownServer(): { readonly server: EmbeddedPostgres } {
  let home = ''
  let server: EmbeddedPostgres | undefined
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'qicore-log-'))
    await chmod(home, 0o755)
    server = await openEmbeddedPostgres({ home })
  })
  afterAll(async () => {
    await server?.close()
    await rm(home, { recursive: true, force: true })
  })
  return {
    get server() {
      return server as EmbeddedPostgres
    },
  }
}
