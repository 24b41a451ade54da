import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import * as raw from '../../support/rawWebSocket.ts'

export { flood, frame, PING, PONG, TEXT, upgradeRequest } from '../../support/rawWebSocket.ts'

function ofTest(socket: Socket): Socket {
  onTestFinished(() => void socket.destroy())
  return socket
}

/** As in the support, until the test ends. */
export const dial = (...given: Parameters<typeof raw.dial>): Socket => ofTest(raw.dial(...given))

export const dialWebSocket = async (...given: Parameters<typeof raw.dialWebSocket>): Promise<Socket> =>
  ofTest(await raw.dialWebSocket(...given))
