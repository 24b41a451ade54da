import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Behaviour = 'answer' | 'fail' | 'hang' | 'drop'

/** One of several endpoints, which behaves as it is told. */
export interface TestEndpoint {
  readonly url: string
  behaviour: Behaviour
  asked: number
  /** Nothing listens any more, and again, on the same port. */
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startEndpoint(body: () => string = () => '{}'): Promise<TestEndpoint> {
  const server: Server = createServer((_, response) => {
    endpoint.asked++
    answer(response, endpoint.behaviour, body())
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  const port = await listen(0)
  const endpoint: TestEndpoint = {
    url: `http://127.0.0.1:${port}`,
    behaviour: 'answer',
    asked: 0,
    stop,
    start: async () => void (await listen(port)),
  }
  onTestFinished(stop)
  return endpoint
}

function answer(response: ServerResponse, behaviour: Behaviour, body: string): void {
  if (behaviour === 'drop') response.destroy()
  else if (behaviour !== 'hang')
    response.writeHead(behaviour === 'fail' ? 503 : 200, { 'content-type': 'application/json' }).end(body)
}
