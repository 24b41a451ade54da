import type { z } from 'zod'
import { migrate } from '../../base/database/index.ts'
import { type Logger, QiError, silentLogger, wordIssue } from '../../base/types/index.ts'
import { Connections } from './Connections.ts'
import { EmbeddedStream } from './EmbeddedStream.ts'
import { type EmbeddedStreamConfig, embeddedStreamConfig } from './EmbeddedStreamConfig.ts'
import { streamMigrations } from './migrations.ts'

export interface EmbeddedStreamOptions extends z.input<typeof embeddedStreamConfig> {
  /** PostgreSQL URL of the log; a function is called before each connection, for a server whose port may change. */
  readonly url: string | (() => string)
  readonly logger?: Logger
}

/**
 * Opens the log in a PostgreSQL database and creates its tables (schema `qicore_stream`) if they are missing. Locks and
 * notifications belong to database sessions, so a connection pooler in front must not be in transaction mode.
 * @throws QiError UNAVAILABLE, UNAUTHORIZED, FORBIDDEN (the role may not create a schema), CONFIG_INVALID
 */
export async function openEmbeddedStream({
  url,
  logger = silentLogger,
  ...settings
}: EmbeddedStreamOptions): Promise<EmbeddedStream> {
  const config = parse(settings)
  const connections = new Connections({
    url: typeof url === 'function' ? url : () => url,
    max: config.connections,
    lockTimeoutMs: config.lock_timeout_ms,
    logger,
  })
  try {
    // Waits for a server that is starting; migrate() does not.
    await connections.run((client) => client.query('select 1'))
    await migrate(connections.pool, streamMigrations)
    await connections.readKeys()
    const stream = new EmbeddedStream(connections, config, logger)
    await stream.open()
    return stream
  } catch (error) {
    await connections.close()
    throw error
  }
}

function parse(settings: z.input<typeof embeddedStreamConfig>): EmbeddedStreamConfig {
  const result = embeddedStreamConfig.safeParse(settings)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'settings'}: ${wordIssue(issue)}`)
  throw new QiError('CONFIG_INVALID', `embedded stream: ${problems.join('; ')}`)
}
