import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isExecutable, programOnPath } from '../requirements.ts'

const CACHE = join(homedir(), '.cache/qicore-test')

/** Folder into which `npm run services -- connect` puts Kafka Connect. */
export const CONNECT = join(CACHE, 'connect')
export const hasConnect = (): boolean => existsSync(join(CONNECT, 'pom.xml'))

/** Redpanda Connect's program, where somebody names one. */
export const redpandaConnectBinary = (): string | undefined => process.env.REDPANDA_CONNECT_BIN || undefined

/** Bento's program: the one that somebody names, else the one on the PATH, else the one that `npm run services -- bento` built. */
export function bentoBinary(): string | undefined {
  const built = join(CACHE, 'bento/bento')
  return process.env.BENTO_BIN || programOnPath('bento') || (isExecutable(built) ? built : undefined)
}
