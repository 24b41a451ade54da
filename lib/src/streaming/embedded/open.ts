import type { z } from 'zod'
import { type Logger, migrate, QiError, silentLogger, wordIssue } from '../../base/index.ts'
import { type EmbeddedStreamConfig, embeddedStreamConfig } from './config.ts'
import { Connections } from './connections.ts'
import { EmbeddedStream } from './EmbeddedStream.ts'
import { streamMigrations } from './migrations.ts'

export interface EmbeddedStreamOptions extends z.input<typeof embeddedStreamConfig> {
  /** The PostgreSQL that the log lives in; a function is asked before each connection, for a server that may move. */
  readonly url: string | (() => string)
  readonly logger?: Logger
}

/**
 * Opens the durable log in a PostgreSQL, creating its tables (schema `qicore_stream`) where they are missing. It needs sessions
 * of its own for locks and notifications: a pooler in front must not share them between transactions.
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
    // Waits for a server that is starting, which migrate itself does not.
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
