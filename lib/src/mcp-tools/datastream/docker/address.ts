import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isLoopback } from '../../../base/networking/index.ts'
import { QiError } from '../../../base/types/index.ts'

export interface EngineAddress {
  /** As DOCKER_HOST has it. */
  readonly host: string
  readonly origin: string
  readonly socketPath?: string
}

/** Where engines listen: of the system, of Docker Desktop, of a user without root. */
const usualSockets = (env: NodeJS.ProcessEnv): readonly string[] => [
  '/var/run/docker.sock',
  join(homedir(), '.docker/run/docker.sock'),
  ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
]

/**
 * Access to an engine is access to its machine, and TCP has no password: only sockets and loopback are allowed.
 * @throws QiError CONFIG_INVALID
 */
export function engineAddress(dockerHost: string | undefined, env: NodeJS.ProcessEnv): EngineAddress {
  const sockets = usualSockets(env)
  const host = dockerHost ?? `unix://${sockets.find((path) => existsSync(path)) ?? sockets[0]}`
  if (host.startsWith('unix:///')) return { host, origin: 'http://localhost', socketPath: host.slice('unix://'.length) }
  const url = URL.parse(host.replace(/^tcp:/, 'http:'))
  if (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) return { host, origin: url.origin }
  throw new QiError(
    'CONFIG_INVALID',
    `DOCKER_HOST "${host.slice(0, 100)}" is no socket or TCP address of this machine: use unix:///var/run/docker.sock or tcp://127.0.0.1:2375 (a remote engine by a tunnel)`,
    { field: 'services.docker_host' },
  )
}
