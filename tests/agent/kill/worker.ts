// A process that carries ledgers out, as its parent says.
import { createPool, DurableRunner } from '../../../lib/src/base/index.ts'
import { ledger } from './ledger.ts'

export type Order =
  | { readonly kind: 'start'; readonly id: string; readonly amounts: readonly number[] }
  | { readonly kind: 'hold'; readonly path: string }

export type Told =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly path: string }
  | { readonly kind: 'held'; readonly path: string }
  | { readonly kind: 'ended'; readonly id: string; readonly result: unknown }

const tell = (told: Told) => process.send?.(told)
let held: string | undefined

const workflow = ledger(async (path) => {
  tell({ kind: 'done', path })
  if (path !== held) return
  tell({ kind: 'held', path })
  await new Promise(() => {})
})
const pool = createPool(process.env.DATABASE_URL as string)
const runner = await DurableRunner.open({ pool, workflows: [workflow], lookMs: 50 })

process.on('message', async (order: Order) => {
  if (order.kind === 'hold') {
    held = order.path
    return
  }
  const { id, result } = await runner.start(workflow, { amounts: [...order.amounts] }, { id: order.id })
  const ended = await result
  tell({ kind: 'ended', id, result: ended })
})
process.on('disconnect', () => process.exit(0))
tell({ kind: 'ready' })
