import { z } from 'zod'
import { defineWorkflow, type StepContext } from '../../../lib/src/base/agent/index.ts'
import type { PoolClient } from '../../../lib/src/base/database/index.ts'

export const PAYMENTS = 4

/** Every path of the ledger's run at which something is done. */
export const PATHS: readonly string[] = [
  'open',
  ...Array.from({ length: PAYMENTS }, (_, i) => `each[${i}]/pay`),
  ...Array.from({ length: PAYMENTS }, (_, i) => `each[${i}]/receipt`),
  'sides/left/note',
  'sides/right/note',
  'close',
]

/**
 * Each step writes a line into the store, of which no two may be alike, and tells that it did before it is kept.
 * @param told waits where the process is to be killed
 */
export function ledger(told: (path: string) => Promise<void>) {
  const write = async (amount: number, { run, path, transaction }: StepContext) => {
    await transaction(async (client: PoolClient) => {
      await client.query('insert into ledger (run, path, amount) values ($1, $2, $3)', [run, path, amount])
    })
    await told(path)
    return amount
  }
  return defineWorkflow({
    name: 'ledger',
    summary: 'Pays several at once',
    input: z.object({ amounts: z.array(z.number()) }),
    output: z.object({ total: z.number() }),
    steps: (start) =>
      start
        .step('open', async (value, context) => {
          await write(0, context)
          return value
        })
        .forEach(
          'each',
          ({ amounts }) => amounts,
          (one) => one.step('pay', write).step('receipt', write),
          { concurrency: 2 },
        )
        .wait('settle', 20)
        .parallel('sides', (at) => ({
          left: at.step('note', (paid, context) => write(paid[0] ?? 0, context)),
          right: at.step('note', async (paid, context) => {
            await write(paid[1] ?? 0, context)
            return paid.reduce((sum, amount) => sum + amount, 0)
          }),
        }))
        .step('close', async ({ right }, context) => {
          await write(right, context)
          return { total: right }
        }),
  })
}
