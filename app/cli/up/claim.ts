import { createHash } from 'node:crypto'
import { mkdir, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { errorMessage, QiError, systemCode } from '../../../lib/src/base/index.ts'

/** A platform that runs in a project. */
export interface RunningPlatform {
  readonly pid: number
  /** Missing while it starts. */
  readonly url?: string
}

export interface Claim {
  /** From now on others are told this address. */
  announce(url: string): void
  release(): Promise<void>
}

/** Longer names of sockets are refused by the systems' `sockaddr_un`. */
const MAX_SOCKET_NAME = 100
const ANSWER_MS = 2000

/**
 * Takes the project for this process. Two platforms in one project would acquire everything twice and spend the rate limit
 * twice. The claim is a socket, not a file with a number in it: the system ends it with the process, however that dies.
 * @throws QiError CONFLICT, naming the process and address of the one that runs
 */
export async function claimProject(home: string): Promise<Claim> {
  await mkdir(home, { recursive: true }).catch((error: unknown) => {
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
  const path = socketOf(home)
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

/** The platform that runs in a project, if one does. */
export async function findPlatform(home: string): Promise<RunningPlatform | undefined> {
  const socket = connect({ path: socketOf(home), timeout: ANSWER_MS })
  socket.on('timeout', () => socket.destroy(new Error('no answer')))
  try {
    return JSON.parse(await text(socket)) as RunningPlatform
  } catch {
    return undefined
  } finally {
    socket.destroy()
  }
}

function socketOf(home: string): string {
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\qicore-${hash}`
  const inHome = join(home, 'up.sock')
  return inHome.length <= MAX_SOCKET_NAME ? inHome : join(tmpdir(), `qicore-${hash}.sock`)
}
