import { lstat, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { QiError, systemCode } from '../../../lib/src/base/types/index.ts'

/** Longest wait for the holder's answer, in milliseconds. */
const ANSWER_MS = 2_000
const ATTEMPTS = 3

export interface SocketClaimOptions {
  readonly path: string
  /** Text for each process that connects. */
  readonly answer: () => string
  /** Asks the holder of the socket. @returns the error to throw; undefined if nobody holds it: the socket is stale */
  readonly refusal: () => Promise<QiError | undefined>
}

/**
 * Claims a socket, which only one process can listen on. A socket, not a file with a pid in it: the system frees it when the process dies,
 * even by kill -9. On a file system without sockets nothing is claimed.
 * @returns releases the claim; may be called again
 * @throws QiError of `refusal`; CONFLICT if a stale socket cannot be removed
 */
export async function claimSocket({ path, answer, refusal }: SocketClaimOptions): Promise<() => Promise<void>> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(answer())
  })
  // The claim alone does not keep the process alive.
  server.unref()
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const failure = await new Promise<Error | undefined>((resolve) => {
      server.once('error', resolve)
      server.listen({ path }, () => resolve(undefined))
    })
    if (!failure) return () => new Promise((resolve) => server.close(() => resolve()))
    if (systemCode(failure) !== 'EADDRINUSE') return async () => {}
    const refused = await refusal()
    if (refused) throw refused
    if (await isSocket(path)) await unlink(path).catch(() => {})
  }
  throw new QiError('CONFLICT', `${path} is in the way: delete it if no QiCore runs`)
}

/** The answer of the process that listens on a socket: '' if it does not answer in time, undefined if no process listens. */
export async function askSocket(path: string): Promise<string | undefined> {
  const socket = connect({ path })
  try {
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    if (!connected) return undefined
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')))
    return await text(socket).catch(() => '')
  } finally {
    socket.destroy()
  }
}

const isSocket = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isSocket(),
    () => false,
  )
