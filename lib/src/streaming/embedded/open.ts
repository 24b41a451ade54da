import type { z } from 'zod'
import { type Logger, QiError, type Stream } from '../../base/index.ts'
import type { embeddedStreamConfig } from './config.ts'

export interface EmbeddedStreamOptions extends z.input<typeof embeddedStreamConfig> {
  /** The PostgreSQL that the log lives in. A server that is restarted at this address is found again. */
  readonly url: string
  readonly logger?: Logger
}

/**
 * Opens the durable log in a PostgreSQL, creating its tables (schema `qicore_stream`) where they are missing.
 * @throws QiError UNAVAILABLE, UNAUTHORIZED, FORBIDDEN (the role may not create a schema), CONFIG_INVALID
 */
export async function openEmbeddedStream(options: EmbeddedStreamOptions): Promise<Stream> {
  throw new QiError('UNSUPPORTED', `not yet ${options.url}`)
}
