import { unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { errorMessage, isLoopback, makeHome, QiError, systemCode } from '../../../lib/src/base/index.ts'
import { isOwnSocket, socketOf } from './socketPath.ts'

const runningPlatform = z.object({
  pid: z.int().positive(),
  /** Missing while it starts. */
  url: z
    .url({ protocol: /^http$/ })
    .regex(/^http:\/\/[^/?#@\\\s]+$/)
    .optional(),
})

/** A platform that runs in a project. */
export type RunningPlatform = Readonly<z.output<typeof runningPlatform>>

export interface Claim {
  /** From now on others are told this address. */
  announce(url: string): void
  release(): Promise<void>
}

const ANSWER_MS = 2000

/**
 * Takes the project for this process. Two platforms in one project would acquire everything twice and spend the rate limit
 * twice. The claim is a socket, not a file with a number in it: the system ends it with the process, however that dies.
 * @throws QiError CONFLICT, naming the process and address of the one that runs
 */
export async function claimProject(home: string): Promise<Claim> {
  await makeHome(home).catch((error: unknown) => {
    throw new QiError(
      'CONFIG_INVALID',
      `the data folder ${home} cannot be used: ${errorMessage(error)}; set QICORE_HOME to another`,
      { cause: error },
    )
  })
  let running: RunningPlatform = { pid: process.pid }
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(JSON.stringify(running))
  })
  // Asked by others, but no reason to stay alive.
  server.unref()
  await listen(server, home)
  return {
    announce: (url) => {
      running = { ...running, url }
    },
    release: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function listen(server: Server, home: string): Promise<void> {
  const path = await socketOf(home)
  for (let attempt = 1; ; attempt++) {
    const failure = await new Promise<Error | undefined>((resolve) => {
      server.once('error', resolve)
      server.listen({ path }, () => resolve(undefined))
    })
    if (!failure) return
    if (systemCode(failure) !== 'EADDRINUSE') return // A file system without sockets: there is no claim, and nothing is lost but the warning.
    const other = await findPlatform(home)
    if (other)
      throw new QiError(
        'CONFLICT',
        `QiCore runs in this project already: process ${other.pid}${other.url ? `, ${other.url}` : ''}; stop that one first, or give this one a folder of its own with --home`,
      )
    if (attempt === 3)
      throw new QiError('CONFLICT', `${path} is held by something that does not answer; delete it if no QiCore runs`)
    await unlink(path).catch(() => {})
  }
}

/**
 * The platform that runs in a project, if one does. What answers is believed only where this user made its socket.
 * @throws QiError CONFIG_INVALID where the socket cannot have a safe place
 */
export async function findPlatform(home: string): Promise<RunningPlatform | undefined> {
  const path = await socketOf(home)
  if (!(await isOwnSocket(path))) return undefined
  const socket = connect({ path, timeout: ANSWER_MS })
  socket.on('timeout', () => socket.destroy(new Error('no answer')))
  try {
    const { data } = runningPlatform.safeParse(JSON.parse(await text(socket)))
    return data
  } catch {
    return undefined
  } finally {
    socket.destroy()
  }
}

/**
 * Whether the token may be sent to an address that a socket told: to this machine, or to where this project is configured to listen.
 */
export function isTrusted(url: string, { host, port }: { readonly host: string; readonly port: number }): boolean {
  const asked = new URL(url)
  const name = asked.hostname.replace(/^\[|\]$/g, '')
  return isLoopback(name) || (name === host.toLowerCase() && (port === 0 || asked.port === String(port)))
}
