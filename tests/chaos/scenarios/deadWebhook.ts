import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { deadDestination } from '../deadDestination.ts'
import { Network } from '../network.ts'
import type { Scenario } from '../scenario.ts'

const SECRET = `whsec_${Buffer.alloc(32, 'chaos').toString('base64')}`

/** A receiver that checks each signature, behind a network that fails. */
async function startReceiver() {
  const times = new Map<string, number>()
  let unsigned = 0
  const webhook = new Webhook(SECRET)
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    try {
      for await (const part of request) parts.push(part as Buffer)
    } catch {
      // The network has failed in the middle of it.
      return
    }
    if (request.method === 'OPTIONS') return void response.end()
    try {
      const body = webhook.verify(Buffer.concat(parts).toString(), request.headers as Record<string, string>)
      for (const { record } of (body as { readonly records: readonly { readonly record: { readonly market_cap: string } }[] })
        .records)
        times.set(record.market_cap, (times.get(record.market_cap) ?? 0) + 1)
      response.end()
    } catch {
      unsigned++
      response.writeHead(401).end()
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const network = await Network.open(() => ({ host: '127.0.0.1', port }))
  return {
    times,
    network,
    unsigned: () => unsigned,
    [Symbol.asyncDispose]: async () => {
      await network[Symbol.asyncDispose]()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Connections are refused for half of the time; for the other half they are taken, and nobody answers. */
export const scenario: Scenario = {
  name: 'dead-webhook',
  summary: 'the receiver of a webhook is away; the store goes on as before, and what waited is delivered afterwards',
  leastSeconds: 30,
  run: async (context) => {
    await using receiver = await startReceiver()
    const { network, times, unsigned } = receiver
    const findings = await deadDestination(context, 'dead-webhook', {
      name: 'hook',
      yaml: `{ type: webhook, url: 'http://127.0.0.1:${network.port}/', allow: [127.0.0.1], secret: ${SECRET}, records: [price], timeout: 2s }`,
      trouble: /consumer hook\/hook.*(cannot be reached|broke off)/s,
      exact: false,
      die: async (part) => {
        if (part === 0) return network.drop()
        network.heal()
        network.hold()
      },
      revive: async () => {
        network.cut()
        network.heal()
      },
      held: async () => times,
    })
    const problems = unsigned() > 0 ? [`${unsigned()} requests had no signature that is right`] : []
    return { ...findings, problems: [...findings.problems, ...problems] }
  },
}
