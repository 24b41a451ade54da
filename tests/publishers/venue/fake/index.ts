import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Order, VenueState } from './FakeVenue.ts'

export type { Order, VenueState } from './FakeVenue.ts'

/** A fake venue in a process of its own. */
export interface FakeVenueProcess extends AsyncDisposable {
  readonly restUrl: string
  readonly wsUrl: string
  order(order: Order): Promise<void>
  state(): Promise<VenueState>
}

/** @param venue name of a dialect, such as binance */
export async function startFakeVenue(venue: string): Promise<FakeVenueProcess> {
  const child = fork(join(import.meta.dirname, 'process.ts'), [venue], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  const waiting = new Map<number, (answer: { readonly state?: VenueState }) => void>()
  child.on('message', (answer: { readonly id: number; readonly state?: VenueState }) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  let id = 0
  const ask = (request: object) =>
    new Promise<{ readonly state?: VenueState }>((resolve) => {
      id++
      waiting.set(id, resolve)
      child.send({ id, ...request })
    })
  return {
    restUrl: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}/ws`,
    order: async (order) => void (await ask({ order })),
    state: async () => (await ask({ state: true })).state as VenueState,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
