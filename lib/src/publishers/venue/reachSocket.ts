import { WebSocket } from 'ws'
import { abortError, type TlsOptions } from '../../base/networking/index.ts'
import { errorMessage, QiError } from '../../base/types/index.ts'

/** Opens a socket and ends it. @throws QiError UNAVAILABLE, CANCELLED, TIMEOUT */
export async function reachSocket(
  peer: string,
  url: string,
  timeoutMs: number,
  tls: TlsOptions | undefined,
  signal: AbortSignal,
): Promise<void> {
  const socket = new WebSocket(url, { handshakeTimeout: timeoutMs, perMessageDeflate: false, ...tls })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve())
      socket.on('error', (error) =>
        reject(new QiError('UNAVAILABLE', `${peer}: no socket at ${url}: ${errorMessage(error)}`, { cause: error })),
      )
      signal.addEventListener('abort', () => reject(abortError(signal)), { once: true })
    })
  } finally {
    socket.terminate()
  }
}
