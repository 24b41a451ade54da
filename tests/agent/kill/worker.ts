// A process that carries ledgers out, as its parent says; what a killed one left it goes on with by itself. HOLD names the path
// after whose effect it waits to be killed.
import { DurableRunner } from '../../../lib/src/base/agent/index.ts'
import { createPool } from '../../../lib/src/base/database/index.ts'
import { ledger } from './ledger.ts'

export interface Order {
  readonly id: string
  readonly amounts: readonly number[]
}

export type Told =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly path: string }
  | { readonly kind: 'held'; readonly path: string }
  | { readonly kind: 'ended'; readonly id: string; readonly result: unknown }

const { HOLD } = process.env
const tell = (told: Told) => process.send?.(told)

const workflow = ledger(async (path) => {
  tell({ kind: 'done', path })
  if (path !== HOLD) return
  tell({ kind: 'held', path })
  await new Promise(() => {})
})
const pool = createPool(process.env.DATABASE_URL as string)
const runner = await DurableRunner.open({ pool, workflows: [workflow], lookMs: 50 })

process.on('message', async (order: Order) => {
  const { id, result } = await runner.start(workflow, { amounts: [...order.amounts] }, { id: order.id })
  const ended = await result
  tell({ kind: 'ended', id, result: ended })
})
process.on('disconnect', () => process.exit(0))
tell({ kind: 'ready' })
