import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where `npm run services -- connect` puts Kafka Connect. */
export const CONNECT = join(homedir(), '.cache/qicore-test/connect')
export const hasConnect = (): boolean => existsSync(join(CONNECT, 'pom.xml'))

/** Whoever wants this one measured brings its binary along. */
export const redpandaConnectBinary = (): string | undefined => process.env.REDPANDA_CONNECT_BIN || undefined
